"""The torrents of a soak: of v1, v2 and hybrid in turn, small and large files, folders of many, pieces up to half of the node's memory."""

import hashlib
import os
import random
import threading

import libtorrent_peer
from harness import KIB, MIB, Failed, expect, write

VERSIONS = ["v2", "v1", "hybrid"]
# (bytes of each file, piece length): every twelve torrents hold one of each.
SHAPES = [
    ([100], 16 * KIB),
    ([4 * MIB + 1], 256 * KIB),
    ([64 * MIB], 256 * KIB),
    ([1 + i * 97 % 20_000 for i in range(400)], 256 * KIB),
    ([12 * MIB - 1], 16 * KIB),
    ([32 * MIB], MIB),
    ([16 * KIB], 16 * KIB),
    ([0, 1, 16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 3 * MIB, 0, 9 * MIB + 5], MIB),
    ([128 * MIB], 8 * MIB),
    ([300 * KIB] * 40, 64 * KIB),
    ([8 * MIB], 4 * MIB),
    ([48 * MIB, 5, 24 * MIB], 2 * MIB),
]


class Torrent:
    """What it holds, who uses it now, and whether the node has it."""

    def __init__(self, folder, number, trackers):
        sizes, piece = SHAPES[number % len(SHAPES)]
        self.version = VERSIONS[(number + number // len(SHAPES)) % len(VERSIONS)]
        self.name = f"{number:02}-{self.version}"
        self.folder = os.path.join(folder, "in")
        self.many = len(sizes) > 1
        self.length = sum(sizes)
        path = os.path.join(self.folder, self.name)
        for i, size in enumerate(sizes):
            write(os.path.join(path, f"{i % 7}", f"{i:03}.bin") if self.many else path, size, seed=number * 1000 + i)
        self.file = os.path.join(folder, f"{self.name}.torrent")
        # Those with a tracker are every fifth, which meets each version and most shapes.
        self.infohash, self.link = libtorrent_peer.make_torrent(path, self.file, piece, self.version, trackers if number % 5 == 0 else ())
        self.held = False
        self.users = 0
        self._digests = dict(self._read(self.folder))

    def expect_in(self, folder):
        """All of it lies there, and nothing else does under its name."""
        found = dict(self._read(folder))
        wrong = sorted(name for name in self._digests.keys() | found.keys() if self._digests.get(name) != found.get(name))
        expect(not wrong, f"{self.name} in {folder}: missing or other content: {wrong[:3]}")

    def _read(self, folder):
        top = os.path.join(folder, self.name)
        if os.path.isfile(top):
            yield self.name, _digest(top)
        for here, _, names in os.walk(top):
            for name in names:
                path = os.path.join(here, name)
                yield os.path.relpath(path, folder), _digest(path)


class Torrents:
    """Lends torrents: alone to whoever has the node lose and fetch one, shared to whoever takes one from the node."""

    def __init__(self, folder, count, trackers):
        os.makedirs(os.path.join(folder, "in"))
        self.all = [Torrent(folder, number, trackers) for number in range(count)]
        self._changed = threading.Condition()

    def any(self, chance):
        return chance.choice(self.all)

    def alone(self, chance, torrent=None):
        return self._lend(chance, lambda t: t.users == 0 and (torrent is None or t is torrent), -1)

    def shared(self, chance):
        return self._lend(chance, lambda t: t.users >= 0 and t.held, 1)

    def _lend(self, chance, free, step):
        with self._changed:
            if not self._changed.wait_for(lambda: any(map(free, self.all)), 600):
                raise Failed("no torrent came free within ten minutes")
            torrent = chance.choice([t for t in self.all if free(t)])
            torrent.users += step
        return _Loan(self, torrent, step)

    def give_back(self, torrent, step):
        with self._changed:
            torrent.users -= step
            self._changed.notify_all()


class _Loan:
    def __init__(self, torrents, torrent, step):
        self._torrents, self._torrent, self._step = torrents, torrent, step

    def __enter__(self):
        return self._torrent

    def __exit__(self, *_):
        self._torrents.give_back(self._torrent, self._step)


def chances(seed):
    """Sources of chance that follow from one seed, a new one for each name."""
    return lambda name: random.Random(f"{seed}:{name}")


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
