#!/usr/bin/python3
"""Hashes one file in the page cache into a torrent of v2: with Shoal and with libtorrent in turn, beside what reading alone and hashing alone take.

Needs (Debian): python3-libtorrent. Of Shoal the whole command counts, from its start until it says `shared`; of the others the work alone.
"""

import argparse
import datetime
import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Transfer"))

import machine  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
SHOAL = os.path.join(ROOT, "shoal")
HASHING = os.path.join(ROOT, "artifacts", "bin", "Micro", "release", "Shoal.Micro.dll")
PIECE = 1 << 20


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="of each (5)")
    parser.add_argument("--gib", type=int, default=4, help="of the file (4)")
    parser.add_argument("--folder", help="where to work (the temporary folder)")
    parser.add_argument("--results", default=os.path.join(ROOT, "bench", "results"), help="where to write DATE-adding.md")
    return parser.parse_args()


def timed(command, until=None):
    """Seconds until the line that holds `until`, or those that the program says it took; and CPU seconds and peak MiB of the process by then."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout:
                if until is None or until in line:
                    seconds = time.perf_counter() - begun
                    return seconds if until else float(line), machine.usage(process.pid)
            raise RuntimeError(f"{command[0]} ended with {process.wait()} before it was done")
        finally:
            process.terminate()


def shoal(path, work):
    with tempfile.TemporaryDirectory(dir=work) as store:
        return timed([SHOAL, "share", path, "--store", store, "--listen", "127.0.0.1", "--no-lan", "--announce", "none", "--piece-length", str(PIECE), "--json"], '"event":"shared"')


def libtorrent(path, _):
    return timed([sys.executable, "-B", __file__.replace("run.py", "libtorrent_hash.py"), path, str(PIECE)])


def reading(path, _):
    """On as many threads as there are cores, in pieces, into buffers that stay: the copy out of the page cache and nothing else."""
    return timed([sys.executable, "-B", __file__.replace("run.py", "read_all.py"), path, str(PIECE)])


def hashing(path, _):
    """As many bytes, of a buffer that stays in the cache, by the same code on every core."""
    return timed(["dotnet", HASHING, "hash-all", str(os.path.getsize(path))])


WAYS = {"Shoal, the whole command": shoal, "libtorrent, `set_piece_hashes`": libtorrent, "reading alone": reading, "hashing alone": hashing}


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def main():
    chosen = options()
    before = os.getloadavg()[1]
    taken = {name: [] for name in WAYS}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as work:
        path = os.path.join(work, "add.bin")
        with open(path, "wb") as file:
            for _ in range(chosen.gib << 10):
                file.write(os.urandom(machine.MIB))
        size = os.path.getsize(path)
        for turn in range(chosen.runs):
            for name, way in WAYS.items():
                taken[name].append(way(path, work))
                print(f"{turn + 1}/{chosen.runs} {name}: {taken[name][-1][0]:.2f} s", file=sys.stderr, flush=True)

    rows = [f"| {name} | {spread([t[0] for t in runs])} | {size / 1e9 / statistics.median(t[0] for t in runs):.2f} | {spread([t[1][0] for t in runs])} | {spread([t[1][1] for t in runs], 0)} |"
            for name, runs in taken.items()]
    median = {name: statistics.median(t[0] for t in runs) for name, runs in taken.items()}
    ours, theirs, read, hashed = median.values()
    ratio, parts = theirs / ours, ours / (read + hashed)
    today = datetime.date.today().isoformat()
    text = "\n".join([
        f"# Adding a file of {chosen.gib} GiB, {today}", "",
        f"`./build bench add --runs {chosen.runs} --gib {chosen.gib}` at commit {machine.commit(ROOT)}; medians of {chosen.runs} (least-most), in turn. {machine.facts()}. "
        f"Load of the machine when it began: {before:.1f}, at the end: {os.getloadavg()[1]:.1f}. The file is in the page cache, pieces of 1 MiB, a new store each time.", "",
        "| | seconds | GB/s | CPU s | peak MiB |", "| --- | --- | --- | --- | --- |", *rows, "",
        f"Shoal is {ratio:.2f} times as fast as libtorrent (goal: at least 3: {'reached' if ratio >= 3 else '**missed**'}), and takes {parts:.2f} times what reading and hashing take "
        f"when each is measured alone (goal: at most 1.25: {'reached' if parts <= 1.25 else '**missed**'}).", ""])
    with open(os.path.join(chosen.results, f"{today}-adding.md"), "w") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
