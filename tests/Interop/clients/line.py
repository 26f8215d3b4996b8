"""Two network namespaces and a line of some milliseconds between them, which shows what passes. No way leads out of them (root and iproute2; skipped elsewhere)."""

import collections
import contextlib
import fcntl
import os
import select
import shutil
import socket
import statistics
import struct
import subprocess
import threading
import time

import krpc
from harness import Failed, Skipped
from lan import entered, ip

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 1, 0x1000
_UDP = 17

Packet = collections.namedtuple("Packet", "at source target payload")
Search = collections.namedtuple("Search", "queries hops ms")


class Line:
    """Each end is a namespace that has all addresses of a range. Ends are named `here` and `there`; what passes is seen from there."""

    def __init__(self, check, here, there, seconds=0.01):
        if shutil.which("ip") is None:
            raise Skipped("no namespaces can be made: there is no ip; Debian: apt install iproute2")
        self.check, self._seconds = check, seconds
        self.passed = []
        self.here, self.there = f"shoal{os.getpid()}-here", f"shoal{os.getpid()}-there"
        try:
            self._ends = [self._end(self.here, here), self._end(self.there, there)]
        except (Failed, OSError) as why:
            raise Skipped(f"no namespaces can be made: {why}") from None
        self._open = True
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()
        check.on_close(self.close)

    def _end(self, space, addresses):
        ip("netns", "add", space)
        self.check.on_close(lambda: subprocess.run(["ip", "netns", "del", space], capture_output=True))
        with entered(space):
            end = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(end, _TUNSETIFF, struct.pack("16sH", b"line", _IFF_TUN | _IFF_NO_PI))
        ip("-n", space, "link", "set", "lo", "up")
        ip("-n", space, "link", "set", "line", "up")
        # Of no device, since libtorrent hears an address through its own device alone, and here the same one is reached from both ends.
        ip("-n", space, "route", "add", "local", addresses, "dev", "lo")
        ip("-n", space, "route", "add", "10.0.0.0/8", "dev", "line")
        return end

    def _carry(self):
        under_way = collections.deque()
        while self._open:
            wait = max(0.0, under_way[0][0] - time.monotonic()) if under_way else 0.1
            for end in select.select(self._ends, [], [], wait)[0]:
                packet = os.read(end, 4096)
                under_way.append((time.monotonic() + self._seconds, end, packet))
                if end == self._ends[1]:
                    self._note(packet)
            while under_way and under_way[0][0] <= time.monotonic():
                _, end, packet = under_way.popleft()
                if end == self._ends[0]:
                    self._note(packet)
                with contextlib.suppress(OSError):  # as on any line, it may get lost
                    os.write(self._ends[1 if end == self._ends[0] else 0], packet)

    def _note(self, packet):
        if packet[0] >> 4 != 4 or packet[9] != _UDP:
            return
        header = 4 * (packet[0] & 15)
        source, target = struct.unpack("!HH", packet[header:header + 4])
        self.passed.append(Packet(time.monotonic(), f"{socket.inet_ntoa(packet[12:16])}:{source}", f"{socket.inet_ntoa(packet[16:20])}:{target}", packet[header + 8:]))

    def search(self, asker, key, seconds=8):
        """What a search of an endpoint there took, from its first query to the first answer that names a peer, by what passed; None if there was no such answer."""
        end = time.monotonic() + self.check.remaining(seconds)
        while time.monotonic() < end:
            found = _read(list(self.passed), asker, key)
            if found:
                return found
            time.sleep(0.01)
        return None

    def close(self):
        self._open = False
        self._thread.join(5)
        for end in self._ends:
            os.close(end)


def _read(packets, asker, key):
    begun, queries, asked, hops = None, 0, {}, {}
    for at, source, target, payload in packets:
        if source == asker and key in payload and b"9:get_peers" in payload:
            message = krpc.decode(payload)[0]
            begun = at if begun is None else begun
            queries += 1
            asked[target, message[b"t"]] = hops.setdefault(target, 1)
        elif target == asker and begun is not None:
            message = krpc.decode(payload)[0]
            depth = asked.get((source, message.get(b"t")))
            if depth is None or message[b"y"] != b"r":
                continue
            if b"values" in message[b"r"]:
                return Search(queries, depth, 1000 * (at - begun))
            nodes = message[b"r"].get(b"nodes", b"")
            for i in range(0, len(nodes) - 25, 26):
                hops.setdefault(f"{socket.inet_ntoa(nodes[i + 20:i + 24])}:{int.from_bytes(nodes[i + 24:i + 26], 'big')}", depth + 1)
    return None


def row(values):
    values = sorted(values)
    return f"mean {statistics.mean(values):.2f}, median {statistics.median(values):.3g}, 90 % up to {values[len(values) * 9 // 10]:.3g}, most {values[-1]:.3g}"
