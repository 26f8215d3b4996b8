"""What a process holds and costs, read from /proc (Linux)."""

import collections
import dataclasses
import os
import re
import threading
import time

from machine import MIB, TICKS

PAGE = os.sysconf("SC_PAGE_SIZE")
LEAST_RESERVED = 4 << 30  # the collector's heap is by far the largest run of anonymous memory
STATES = {"01": "established", "0A": "listening", "08": "closed by the peer alone"}


@dataclasses.dataclass
class Sample:
    at: float  # seconds since the soak began
    cpu: float  # seconds in all
    resident: float  # MiB
    heap: float  # MiB of it that the garbage collector holds; 0 where it cannot be told
    threads: int
    descriptors: collections.Counter  # by kind

    @property
    def sockets(self):
        return sum(count for kind, count in self.descriptors.items() if kind.startswith("socket"))

    @property
    def files(self):
        return sum(count for kind, count in self.descriptors.items() if kind.startswith("file"))

    @property
    def others(self):
        return self.descriptors.total() - self.sockets - self.files


class Probe:
    """Samples one process at a steady pace, until it is closed."""

    def __init__(self, pid, content, pace):
        self.pid, self._content, self._pace = pid, content, pace
        self.began = time.monotonic()
        self.samples = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._closed.set()
        self._thread.join(30)

    def now(self):
        return time.monotonic() - self.began

    def take(self):
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return Sample(self.now(), (int(fields[11]) + int(fields[12])) / TICKS, int(fields[21]) * PAGE / MIB, self._heap(), int(fields[17]), self._descriptors())

    def between(self, start, end):
        return [s for s in self.samples if start <= s.at <= end]

    def _run(self):
        while not self._closed.wait(self._pace):
            try:
                self.samples.append(self.take())
            except (FileNotFoundError, ProcessLookupError):
                return  # it ended, which somebody else will say

    def _descriptors(self):
        kinds, sockets = collections.Counter(), []
        folder = f"/proc/{self.pid}/fd"
        for number in os.listdir(folder):
            try:
                target = os.readlink(os.path.join(folder, number))
            except FileNotFoundError:
                continue  # closed meanwhile
            if target.startswith("socket:"):
                sockets.append(target[8:-1])
            elif target.endswith(" (deleted)"):
                kinds["file, deleted"] += 1
            elif target.startswith(self._content):
                kinds["file of a torrent"] += 1
            elif target.startswith("/") and not target.startswith("/dev/"):
                kinds["file of the store"] += 1
            else:
                kinds[re.sub(r"[:\[].*", "", target)] += 1
        known = self._sockets()
        kinds.update("socket, " + known.get(inode, "other") for inode in sockets)
        return kinds

    def _sockets(self):
        """What kind of socket each inode is."""
        found = {}
        for name, inode in (("tcp", 9), ("tcp6", 9), ("udp", 9), ("udp6", 9), ("unix", 6)):
            try:
                with open(f"/proc/{self.pid}/net/{name}") as file:
                    rows = [line.split() for line in file.readlines()[1:]]
            except FileNotFoundError:
                continue
            for row in rows:
                found[row[inode]] = f"TCP {STATES.get(row[3], 'ending')}" if name.startswith("tcp") else name.upper().rstrip("6")
        return found

    def _heap(self):
        """Resident bytes of the longest run of adjacent anonymous mappings: reserved once, taken into use bit by bit."""
        runs, end = [], None
        with open(f"/proc/{self.pid}/smaps") as file:
            for line in file:
                mapping = re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ 0 *$", line)
                if mapping:
                    low, high = (int(x, 16) for x in mapping.groups())
                    if low != end:
                        runs.append([0, 0])
                    runs[-1][0] += high - low
                    end = high
                elif re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                    end = None
                elif line.startswith("Rss:") and end is not None:
                    runs[-1][1] += int(line.split()[1])
        size, resident = max(runs, default=(0, 0))
        return resident / 1024 if size >= LEAST_RESERVED else 0.0
