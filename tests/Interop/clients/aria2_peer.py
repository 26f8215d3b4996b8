"""aria2 as a peer: plain TCP and no discovery unless asked for. It knows v1 alone."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess

from harness import Failed, Skipped, die_with_parent, expect

ENCRYPTION = {
    "off": ["--bt-require-crypto=false", "--bt-min-crypto-level=plain"],
    "forced": ["--bt-require-crypto=true", "--bt-min-crypto-level=arc4"],
}


def needed():
    path = shutil.which("aria2c")
    if path is None:
        raise Skipped("no aria2c; Debian: apt install aria2")
    return subprocess.run([path, "--version"], capture_output=True, text=True).stdout.split("\n")[0]


class Peer:
    """One process with one torrent. It takes no peer by an option."""

    def __init__(self, check, address=None, inside=contextlib.nullcontext, encryption="off", node=None, lan=False, pex=False):
        """`node` is where its DHT begins; `inside` enters the network that it lives in."""
        self.check, self._inside = check, inside
        self.address = address or check.address()
        self._port, self._rpc = check.port(), check.port()
        self.endpoint = f"{self.address}:{self._port}"
        self._log = check.path(f"aria2-{self._port}.log")
        self._process = None
        self._options = [
            "--no-conf", f"--interface={self.address}", f"--listen-port={self._port}", "--enable-dht6=false", "--file-allocation=none", "--allow-overwrite=true",
            "--disable-ipv6=true", "--summary-interval=0", "--console-log-level=notice", "--enable-color=false",
            f"--enable-dht={_word(node)}", f"--bt-enable-lpd={_word(lan)}", f"--bt-lpd-interface={self.address}", f"--enable-peer-exchange={_word(pex)}", *ENCRYPTION[encryption]]
        if node:
            self._options += [f"--dht-entry-point={node}", f"--dht-listen-port={check.port()}", f"--dht-file-path={check.path(f'aria2-{self._port}.dht')}"]

    def seed(self, torrent, folder, *args):
        """Seeds what lies there without looking at it first. Only here it answers questions: with an RPC port it never ends."""
        self._start(torrent, folder, "--enable-rpc=true", f"--rpc-listen-port={self._rpc}", "--seed-ratio=0.0", "--bt-seed-unverified=true", "--check-integrity=false", *args)
        return self

    def download(self, link_or_torrent, folder, *args):
        self._start(link_or_torrent, folder, "--seed-time=0", *args)
        return self

    def finishes(self, seconds=60):
        """By its own word: it ends, and with 0."""
        self.check.until(seconds, "aria2 has all of it", lambda: self._process.poll() is not None)
        expect(self._process.returncode == 0, f"aria2 ended with {self._process.returncode}")
        return self

    @property
    def uploaded(self):
        with self._inside():
            return sum(int(one["uploadLength"]) for one in self._call("aria2.tellActive"))

    def said(self):
        with open(self._log, errors="replace") as log:
            return f"aria2 -> {self._process.poll()}: {log.read()[-1500:].strip()}"

    def _start(self, torrent, folder, *args):
        os.makedirs(folder, exist_ok=True)
        with self._inside(), open(self._log, "w") as log:
            self._process = subprocess.Popen(["aria2c", *self._options, f"--dir={folder}", *args, torrent], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.check.env, preexec_fn=die_with_parent)
        self.check.on_close(self._close)
        try:
            self.check.until(20, "aria2 listens", self._listens)
        except Failed as why:
            raise Failed(f"{why}; {self.said()}") from None

    def _listens(self):
        expect(self._process.poll() is None, "aria2 ended")
        with self._inside(), contextlib.suppress(OSError):
            socket.create_connection((self.address, self._port), 1).close()
            return True

    def _call(self, method):
        connection = http.client.HTTPConnection("127.0.0.1", self._rpc, timeout=5)
        with contextlib.closing(connection):
            connection.request("POST", "/jsonrpc", json.dumps({"jsonrpc": "2.0", "id": "1", "method": method}), {"Content-Type": "application/json"})
            return json.load(connection.getresponse())["result"]

    def _close(self):
        self._process.kill()
        self._process.wait()


def _word(value):
    return "true" if value else "false"
