"""Pieces too large for `--memory`: fetched in runs, and never held whole."""

import re
import threading

import libtorrent_peer as client
from harness import MIB, expect, expect_no_leftovers, expect_same_file, from_peer, write

PROGRAM = 100 * MIB  # what the program takes beside its buffers is less


class _Peak:
    """The most memory that a process has had, looked at until it ends."""

    def __init__(self, pid):
        self.bytes = 0
        self._path = f"/proc/{pid}/status"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        while not self._ended.wait(0.02):
            try:
                with open(self._path, encoding="ascii") as file:
                    found = re.search(r"VmHWM:\s+(\d+) kB", file.read())
            except OSError:
                return
            if found:
                self.bytes = max(self.bytes, int(found[1]) * 1024)

    def end(self):
        self._ended.set()
        self._thread.join()
        return self.bytes


def _fetched(check, source, link, seed, memory):
    got = check.run("get", link, "-o", check.folder("out"), "--peer", seed, "--memory", memory)
    peak = _Peak(got.pid)
    got.ends(0, 60)
    most = peak.end()
    expect_same_file(source, check.path("out", "large.bin"))
    expect_no_leftovers(check.path("out"))
    check.note(f"{most / MIB:.0f} MiB resident at most, {got.done['seconds']} s")
    expect(most < PROGRAM, f"{most / MIB:.0f} MiB were resident")
    return got


def _shared(check, piece_length, length):
    source = write(check.path("in", "large.bin"), length)
    return source, check.share(source, args=["--piece-length", piece_length])


def pieces_of_16_mib_are_fetched_with_32_mib_of_memory(check):
    source, share = _shared(check, "16MiB", 100 * MIB + 5)
    _fetched(check, source, share.link, share.tcp, "32MiB")


def pieces_of_64_mib_are_fetched_with_the_least_memory(check):
    source, share = _shared(check, "64MiB", 140 * MIB + 5)
    _fetched(check, source, share.link, share.tcp, "4MiB")


def less_memory_than_a_few_runs_need_is_refused(check):
    got = check.run("get", "0" * 64, "-o", check.folder("out"), "--memory", "3MiB")
    got.ends(2, 20)


def _from_libtorrent(check, version):
    check.note(client.needed())
    source = write(check.path("in", "large.bin"), 100 * MIB + 5)
    client.make_torrent(source, check.path("large.torrent"), piece_length=16 * MIB, version=version)
    seed = client.Peer(check).seed(check.path("large.torrent"), check.path("in"))
    got = _fetched(check, source, check.path("large.torrent"), seed.endpoint, "32MiB")
    expect(from_peer(got.done, seed.endpoint) == got.done["bytes"], f"peers: {got.done['peers']}")


def libtorrent_seeds_large_pieces_of_v2_to_little_memory(check):
    _from_libtorrent(check, "v2")


def libtorrent_seeds_large_pieces_of_v1_to_little_memory(check):
    _from_libtorrent(check, "v1")
