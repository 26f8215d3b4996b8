"""Transmission as a peer: TCP and no discovery unless asked for. It knows v1 alone, and takes no peer in 127.0.0.0/8: it needs a network of its own."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess

import krpc
from harness import Failed, Skipped, die_with_parent, expect

ENCRYPTION = {"off": 0, "forced": 2}  # 0 prefers plain connections
SEEDS = 6


def needed():
    path = shutil.which("transmission-daemon")
    if path is None:
        raise Skipped("no transmission-daemon; Debian: apt install transmission-daemon")
    return subprocess.run([path, "--version"], capture_output=True, text=True).stderr.strip()


class Peer:
    """One daemon with one torrent, in the network that `inside` enters. It takes no peer by an option."""

    def __init__(self, check, address, inside, encryption="off", nodes=(), lan=False, pex=False):
        """`nodes` are those its DHT knows, as if it had been there: it does nothing with eight or fewer."""
        self.check, self.address, self._inside = check, address, inside
        port, self._rpc = check.port(), check.port()
        self.endpoint = f"{address}:{port}"
        self._session = ""
        config = check.folder(f"transmission-{port}")
        self._log = os.path.join(config, "log")
        with open(os.path.join(config, "settings.json"), "w") as file:
            json.dump({
                "bind-address-ipv4": address, "peer-port": port, "port-forwarding-enabled": False, "utp-enabled": False, "encryption": ENCRYPTION[encryption],
                "dht-enabled": bool(nodes), "lpd-enabled": lan, "pex-enabled": pex, "rpc-bind-address": "127.0.0.1", "rpc-port": self._rpc, "rpc-authentication-required": False,
                "download-queue-enabled": False, "ratio-limit-enabled": False, "idle-seeding-limit-enabled": False, "preallocation": 0, "trash-original-torrent-files": False, "message-level": 2}, file)
        if nodes:
            with open(os.path.join(config, "dht.dat"), "wb") as file:
                file.write(krpc.encode({"id": os.urandom(20), "nodes": b"".join(map(_compact, nodes))}))
        with inside(), open(self._log, "w") as log:
            self._process = subprocess.Popen(["transmission-daemon", "-f", "-g", config], cwd=check.root, env=check.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        check.on_close(self._close)
        check.until(20, "transmission answers", lambda: self._ask("session-get"))

    def seed(self, torrent, folder):
        self.download(torrent, folder)
        self.check.until(30, "transmission seeds", lambda: self._torrent()["status"] == SEEDS)
        return self

    def download(self, link_or_torrent, folder):
        os.makedirs(folder, exist_ok=True)
        added = self._ask("torrent-add", filename=link_or_torrent, **{"download-dir": folder, "paused": False})
        expect(added and added["result"] == "success", f"transmission takes no torrent: {added}")
        return self

    def finishes(self, seconds=60):
        self.check.until(seconds, "transmission has all of it", lambda: self._has_all(self._torrent()))
        return self

    @property
    def uploaded(self):
        return self._torrent()["uploadedEver"]

    @property
    def downloaded(self):
        return self._torrent()["downloadedEver"]

    def said(self):
        with contextlib.suppress(Failed, OSError, LookupError):
            torrent = self._torrent()
            with open(self._log, errors="replace") as log:
                return f"transmission: {torrent}; {log.read()[-1000:].strip()}"
        return f"transmission -> {self._process.poll()}, and no answer"

    @staticmethod
    def _has_all(torrent):
        return torrent["percentDone"] == 1 and torrent["metadataPercentComplete"] == 1 and torrent["leftUntilDone"] == 0 and torrent["status"] == SEEDS

    def _torrent(self):
        fields = ["percentDone", "metadataPercentComplete", "leftUntilDone", "status", "uploadedEver", "downloadedEver", "corruptEver", "errorString", "peersFrom", "peersConnected"]
        answer = self._ask("torrent-get", fields=fields)
        expect(answer and answer["arguments"]["torrents"], f"transmission says nothing of its torrent: {answer}")
        return answer["arguments"]["torrents"][0]

    def _ask(self, method, **arguments):
        """The answer; None while there is none."""
        expect(self._process.poll() is None, f"transmission ended with {self._process.returncode}")
        body = json.dumps({"method": method, "arguments": arguments})
        with self._inside(), contextlib.suppress(OSError):
            for _ in range(2):  # the first is told the session's word
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self._rpc, timeout=10)) as connection:
                    connection.request("POST", "/transmission/rpc", body, {"X-Transmission-Session-Id": self._session})
                    answer = connection.getresponse()
                    if answer.status != 409:
                        return json.load(answer)
                    self._session = answer.getheader("X-Transmission-Session-Id")
        return None

    def _close(self):
        self._process.kill()
        self._process.wait()


def _compact(endpoint):
    host, _, port = endpoint.rpartition(":")
    return socket.inet_aton(host) + int(port).to_bytes(2, "big")
