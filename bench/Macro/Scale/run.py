#!/usr/bin/python3
"""One store with very many torrents: what adding one more costs as they grow, how soon a node serves them, how much memory that takes, how soon `list` says something.

Needs room for as many small files as are asked for (4 KiB each on most file systems). All addresses are in 127.0.0.0/8.
"""

import argparse
import datetime
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Transfer"))

import machine  # noqa: E402

ROOT = os.path.join(HERE, "..", "..", "..")
SHOAL = os.path.join(ROOT, "shoal")
PAGE = 50  # lines of a first page
NODE, CLIENT = "127.0.21.1", "127.0.21.2"


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torrents", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=100, help="of each torrent (100)")
    parser.add_argument("--batch", type=int, default=500, help="torrents added by one command (500)")
    parser.add_argument("--starts", type=int, default=5, help="of the node (5)")
    parser.add_argument("--folder", help="where to work (the temporary folder)")
    parser.add_argument("--results", default=os.path.join(ROOT, "bench", "results"), help="where to write DATE-scale.md")
    return parser.parse_args()


def make_folders(work, first, count, files):
    """Each file differs; a few bytes are enough."""
    paths = []
    for t in range(first, first + count):
        folder = os.path.join(work, "content", f"{t // 100:04}", f"t{t:06}")
        os.makedirs(folder)
        for f in range(files):
            with open(os.path.join(folder, f"{f:04}"), "wb") as file:
                file.write(b"%d/%d" % (t, f) + random.randbytes(16))
        paths.append(folder)
    return paths


class Program:
    """A command whose events are read as they come."""

    def __init__(self, *args):
        self.begun = time.perf_counter()
        self.process = subprocess.Popen([SHOAL, *map(str, args), "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()

    @property
    def seconds(self):
        return time.perf_counter() - self.begun

    def events(self):
        for line in self.process.stdout:
            yield json.loads(line)

    def until(self, kind):
        for event in self.events():
            if event["event"] == kind:
                return event
        raise RuntimeError(f"no {kind}: {self.process.stderr.read()}")


def add(store, paths):
    """Seconds from the first torrent shared to the last, for each; and the links."""
    links = []
    with Program("share", *paths, "--store", store, "--listen", NODE, "--no-lan", "--announce", "none") as share:
        first = None
        for event in share.events():
            if event["event"] == "error":
                raise RuntimeError(event["message"])
            if event["event"] != "shared":
                continue
            first = first or time.perf_counter()
            links.append(event["infohash"])
            if len(links) == len(paths):
                return (time.perf_counter() - first) / max(1, len(paths) - 1), links
    raise RuntimeError(f"only {len(links)} of {len(paths)} were shared")


def start(store, work, infohash, turn):
    """Seconds from the start of a node to a get of one torrent that is done, the node's resident MiB then and a while later, and seconds to the first page of `list`."""
    with Program("node", "--store", store, "--listen", NODE, "--no-lan") as node:
        tcp = node.until("listening")["tcp"]
        with Program("get", infohash, "-o", os.path.join(work, f"out{turn}"), "--store", os.path.join(work, f"client{turn}"), "--listen", CLIENT, "--no-lan", "--peer", tcp, "--timeout", "60") as get:
            get.until("done")
            served = node.seconds
        early = resident(node.process.pid)
        pages = []
        for _ in range(5):
            with Program("list", "--store", store) as listing:
                lines = 0
                for _ in listing.events():
                    lines += 1
                    if lines == PAGE:
                        break
                pages.append(listing.seconds)
        time.sleep(10)
        return served, early, resident(node.process.pid), statistics.median(pages)


def resident(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def main():
    chosen = options()
    before = os.getloadavg()[1]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as work:
        store, held, curve, known = os.path.join(work, "store"), 0, [], []
        while held < chosen.torrents:
            paths = make_folders(work, held, min(chosen.batch, chosen.torrents - held), chosen.files)
            seconds, links = add(store, paths)
            curve.append((held, seconds * 1000))
            known += links
            held += len(paths)
            print(f"{held} held: {seconds * 1000:.2f} ms for one more", file=sys.stderr, flush=True)
        size = sum(os.path.getsize(os.path.join(store, name)) for name in os.listdir(store)) / machine.MIB
        starts = []
        for turn in range(chosen.starts):
            starts.append(start(store, work, random.choice(known), turn))
            print("start {}: served after {:.2f} s, {:.0f} then {:.0f} MiB, first page {:.3f} s".format(turn + 1, *starts[-1]), file=sys.stderr, flush=True)

    today = datetime.date.today().isoformat()
    served, early, late, page = zip(*starts)
    goals = [("seconds from the start of a node to a torrent got from it", statistics.median(served), 3), ("resident MiB, the most seen", max(*early, *late), 300), ("seconds to the first page of `list`", statistics.median(page), 0.2)]
    text = "\n".join([
        f"# Very many torrents in one store, {today}", "",
        f"`./build bench scale --torrents {chosen.torrents} --files {chosen.files}` at commit {machine.commit(ROOT)}. {machine.facts()}. Load of the machine when it began: {before:.1f}, at the end: {os.getloadavg()[1]:.1f}.",
        f"{held} torrents, {held * chosen.files} files; the catalogue takes {size:.0f} MiB.", "",
        "| | median (least-most) |", "| --- | --- |",
        f"| seconds from the start of a node until another process got a torrent from it | {spread(served)} |",
        f"| resident MiB of the node then | {spread(early, 0)} |", f"| and ten seconds later | {spread(late, 0)} |", f"| seconds to the first {PAGE} lines of `list`, through the node | {spread(page, 3)} |", "",
        "| goal | is | at most | |", "| --- | --- | --- | --- |",
        *(f"| {what} | {value:.2f} | {limit} | {'reached' if value <= limit else '**missed**'} |" for what, value, limit in goals), "",
        "## One more", "", f"Milliseconds for one torrent more of {chosen.files} files, hashed, entered and said, while so many are held:", "",
        "| held | ms |", "| --- | --- |", *(f"| {count} | {ms:.2f} |" for count, ms in curve), ""])
    with open(os.path.join(chosen.results, f"{today}-scale.md"), "w") as file:
        file.write(text)
    print(text)


if __name__ == "__main__":
    main()
