"""A small tracker on loopback: HTTP and UDP, IPv4 and IPv6, compact replies, scrape. It keeps what it saw.

It knows the formats on its own (BEP 3, 7, 15, 23, 41, 48), so that it does not repeat the mistakes of the program under test. By itself it
prints every announce: `tracker.py [--address 127.0.0.1] [--http PORT] [--udp PORT]`.
"""

import argparse
import collections
import http.server
import ipaddress
import os
import socket
import socketserver
import struct
import threading
import time
import urllib.parse

Announce = collections.namedtuple("Announce", "proto key address port event left uploaded downloaded wanted peer_id path at")
WORDS = {0: "", 1: "completed", 2: "started", 3: "stopped"}
MAGIC = 0x41727101980


class Tracker:
    """Both protocols over one list of peers; `failure` refuses everything with these words."""

    def __init__(self, address="127.0.0.1", http_port=0, udp_port=0, interval=1800, min_interval=None, on_announce=None):
        self.interval, self.min_interval, self.failure = interval, min_interval, None
        self.seen, self.peers = [], {}
        self.requests = 0
        self._on_announce = on_announce
        self._changed = threading.Condition()
        self._closed = False
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        host = f"[{address}]" if ":" in address else address

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            address_family = family
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass  # the other side went, as clients that end do

        self._http = Server((address, http_port), _handler(self))
        self._udp = socket.socket(family, socket.SOCK_DGRAM)
        self._udp.bind((address, udp_port))
        self.http = f"http://{host}:{self._http.server_address[1]}/announce"
        self.udp = f"udp://{host}:{self._udp.getsockname()[1]}/announce"
        for target in (self._http.serve_forever, self._serve_udp):
            threading.Thread(target=target, daemon=True).start()

    def announces(self, event=None, address=None, key=None):
        with self._changed:
            return [a for a in self.seen if (event is None or a.event == event) and (address is None or a.address == address) and (key is None or a.key == key)]

    def close(self):
        self._closed = True
        self._http.shutdown()
        self._http.server_close()
        self._udp.close()

    def announce(self, announce):
        """Notes it; returns (peers of the same family but the asker, seeds, downloaders)."""
        with self._changed:
            self.seen.append(announce)
            peers = self.peers.setdefault(announce.key, {})
            who = (announce.address, announce.port)
            if announce.event == "stopped":
                peers.pop(who, None)
            elif announce.port:
                peers[who] = announce.left
            self._changed.notify_all()
            others = [p for p in peers if p != who and (":" in p[0]) == (":" in announce.address)]
            result = others[:announce.wanted] if announce.wanted >= 0 else others, *self._count(announce.key)
        if self._on_announce:
            self._on_announce(announce)
        return result

    def count(self, key):
        with self._changed:
            return self._count(key)

    def _count(self, key):
        lefts = self.peers.get(key, {}).values()
        return sum(left == 0 for left in lefts), sum(left != 0 for left in lefts)

    def answer_http(self, target, address):
        """The body for a request; None for what is no request of a tracker."""
        self.requests += 1
        path, _, query = target.partition("?")
        fields = collections.defaultdict(list)
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            fields[name].append(urllib.parse.unquote_to_bytes(value))
        if self.failure:
            return _bencode({"failure reason": self.failure})
        if path.rpartition("/")[2].startswith("scrape"):
            files = {}
            for key in fields["info_hash"]:
                seeds, downloaders = self.count(key)
                files[key] = {"complete": seeds, "downloaded": 0, "incomplete": downloaders}
            return _bencode({"files": files})
        if not path.rpartition("/")[2].startswith("announce") or len(fields["info_hash"]) != 1 or len(fields["info_hash"][0]) != 20:
            return None

        def number(name, default):
            return int(fields[name][0]) if fields[name] else default

        event = fields["event"][0].decode() if fields["event"] else ""
        peers, seeds, downloaders = self.announce(Announce(
            "http", fields["info_hash"][0], address, number("port", 0), event, number("left", 0), number("uploaded", 0), number("downloaded", 0),
            number("numwant", 50), fields["peer_id"][0], target, time.monotonic()))
        reply = {"interval": self.interval, "complete": seeds, "incomplete": downloaders, "external ip": ipaddress.ip_address(address).packed,
                 "peers6" if ":" in address else "peers": _compact(peers)}
        if self.min_interval is not None:
            reply["min interval"] = self.min_interval
        return _bencode(reply)

    def _serve_udp(self):
        connections = set()
        while not self._closed:
            try:
                datagram, source = self._udp.recvfrom(4096)
            except OSError:
                return
            self.requests += 1
            reply = self._answer_udp(datagram, source, connections)
            if reply is not None:
                self._udp.sendto(reply, source)

    def _answer_udp(self, datagram, source, connections):
        if len(datagram) < 16:
            return None
        connection, action, transaction = struct.unpack_from(">QII", datagram)
        if action == 0 and connection == MAGIC:
            given = struct.unpack(">Q", os.urandom(8))[0]
            connections.add((given, source[:2]))
            return struct.pack(">IIQ", 0, transaction, given)
        if self.failure or (connection, source[:2]) not in connections:
            return struct.pack(">II", 3, transaction) + (self.failure or "unknown connection").encode()
        if action == 1 and len(datagram) >= 98:
            key, peer_id, downloaded, left, uploaded, event, _, _, wanted, port = struct.unpack_from(">20s20sQQQIIIiH", datagram, 16)
            peers, seeds, downloaders = self.announce(Announce(
                "udp", key, source[0], port, WORDS.get(event, "?"), left, uploaded, downloaded, wanted, peer_id, _url_data(datagram[98:]), time.monotonic()))
            return struct.pack(">IIIII", 1, transaction, self.interval, downloaders, seeds) + _compact(peers)
        if action == 2:
            counts = b"".join(struct.pack(">III", seeds, 0, downloaders) for seeds, downloaders in
                              (self.count(datagram[at:at + 20]) for at in range(16, len(datagram) - 19, 20)))
            return struct.pack(">II", 2, transaction) + counts
        return None


def _handler(tracker):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = tracker.answer_http(self.path, self.client_address[0])
            self.send_response(200 if body is not None else 400)
            body = body if body is not None else b"this is a tracker"
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def _url_data(options):
    text = b""
    while len(options) >= 2 and options[0] == 2:
        text += options[2:2 + options[1]]
        options = options[2 + options[1]:]
    return text.decode()


def _compact(peers):
    return b"".join(ipaddress.ip_address(host).packed + struct.pack(">H", port) for host, port in peers)


def _bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    pairs = sorted((key if isinstance(key, bytes) else key.encode(), item) for key, item in value.items())
    return b"d" + b"".join(_bencode(key) + _bencode(item) for key, item in pairs) + b"e"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--http", type=int, default=0)
    parser.add_argument("--udp", type=int, default=0)
    given = parser.parse_args()
    tracker = Tracker(given.address, given.http, given.udp,
                      on_announce=lambda a: print(a.proto, a.key.hex(), f"{a.address}:{a.port}", a.event or "-", f"left={a.left}", flush=True))
    print(tracker.http, tracker.udp, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        tracker.close()


if __name__ == "__main__":
    main()
