"""aria2 as a peer on loopback: plain TCP, no discovery of its own. It knows v1 alone."""

import http.server
import shutil
import socket
import subprocess
import threading

from harness import Skipped, expect


def needed():
    path = shutil.which("aria2c")
    if path is None:
        raise Skipped("no aria2c; Debian: apt install aria2")
    return subprocess.run([path, "--version"], capture_output=True, text=True).stdout.split("\n")[0]


def _start(check, torrent, folder, *args):
    address, port = check.address(), check.port()
    process = subprocess.Popen(
        ["aria2c", "--no-conf", f"--interface={address}", f"--listen-port={port}", "--enable-dht=false", "--enable-dht6=false",
         "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--file-allocation=none", "--summary-interval=0",
         "--console-log-level=error", f"--dir={folder}", *args, torrent],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=check.env)
    check.on_close(lambda: (process.kill(), process.wait()))
    return process, f"{address}:{port}"


def seed(check, torrent, folder, *args):
    """Returns the endpoint at which it seeds."""
    process, endpoint = _start(check, torrent, folder, "--seed-ratio=0.0", "--bt-seed-unverified=true", "--check-integrity=false",
                               "--allow-overwrite=true", *args)
    check.until(15, "aria2 listens", lambda: _listens(endpoint))
    expect(process.poll() is None, "aria2 ended")
    return endpoint


def download(check, torrent, folder, peer, *args, seconds=60):
    """aria2 takes no peer by option: the announce of a tracker that is this process gives it."""
    process, _ = _start(check, torrent, folder, f"--bt-tracker={_announce_of(check, peer)}", "--seed-time=0", *args)
    check.until(seconds, "aria2 has all of it", lambda: process.poll() is not None)
    expect(process.returncode == 0, f"aria2 says {process.returncode}: {process.stdout.read()[-500:]}")


def _announce_of(check, peer):
    """The URL of a tracker that knows one peer and nothing else."""
    host, _, port = peer.rpartition(":")
    body = b"d8:intervali60e5:peers6:" + socket.inet_aton(host) + int(port).to_bytes(2, "big") + b"e"

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer((check.address(), check.port()), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    check.on_close(server.shutdown)
    return "http://%s:%d/announce" % server.server_address


def _listens(endpoint):
    host, _, port = endpoint.rpartition(":")
    try:
        socket.create_connection((host, int(port)), 1).close()
        return True
    except OSError:
        return False
