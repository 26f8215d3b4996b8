"""The programs that are measured. `run(case, source, work)` moves the content once and says the seconds until every downloader has all of it, proven."""

import dataclasses
import json
import os
import subprocess
import sys
import time

import net

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
TRANSFER = os.path.join(HERE, "..", "Transfer")
SHOAL = os.path.join(ROOT, "artifacts", "shoal")
UPLINK = 40_000_000
SLOW = 800_000  # 0.1 MB a second


@dataclasses.dataclass
class Case:
    name: str
    title: str
    seeds: int
    downloaders: int = 1
    others: tuple = ()  # "slow", "stall", "lie": beside the seeds
    leaves: bool = False  # downloaders go as soon as they have everything
    goal: str = ""
    most: float | None = None  # seconds

    @property
    def wire(self):
        """Seconds that the narrowest place needs: the seeds' uplinks together, of which 1448 bytes in 1514 are content."""
        return 100_000_000 / (self.seeds * UPLINK / 8 * 1448 / 1514)

    @property
    def uplinks(self):
        own = UPLINK if self.downloaders > 1 else None
        return [UPLINK] * self.seeds + [own] * self.downloaders + [SLOW if what == "slow" else UPLINK for what in self.others]


class Processes:
    """Children that end with the block."""

    def __enter__(self):
        self.all = []
        return self

    def __exit__(self, *_):
        for process in self.all:
            process.stdin.close()
            process.terminate()
        for process in self.all:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, host, *command):
        process = subprocess.Popen([*net.under(host), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=net.end_with_parent)
        self.all.append(process)
        return process


def wait_for(process, name, note=None):
    line = "nothing"
    for line in process.stdout:
        event = json.loads(line)
        if note:
            note(event)
        if event["event"] == name:
            return event
        if event["event"] == "error":
            break
    raise RuntimeError(f"a process ended before it said {name}: {line}")


def folder(work, name):
    path = os.path.join(work, name)
    os.mkdir(path)
    return path


class Shoal:
    name = "Shoal"

    def __init__(self, program, log=None):
        if program is None:
            with open(os.path.join(SHOAL, "current")) as file:  # what ./shoal runs, without asking each time whether the sources are newer
                program = os.path.join(SHOAL, file.readline().strip())
        self.program, self.log = program, log

    def run(self, case, source, work):
        first = case.seeds + 1
        with Processes() as all:
            seeds = [all.start(i, self.program, "share", source, *self.options(i, work)) for i in range(1, first)]
            slow = [first + case.downloaders + i for i, what in enumerate(case.others) if what == "slow"]
            shares = seeds + [all.start(i, self.program, "share", source, *self.options(i, work)) for i in slow]
            infohash = [wait_for(share, "shared") for share in shares][0]["infohash"]
            for i, what in enumerate(case.others, first + case.downloaders):
                if what != "slow":
                    wait_for(all.start(i, sys.executable, "-B", os.path.join(HERE, "hostile.py"), what, net.address(i), infohash), "ready")
            sources = [*range(first + case.downloaders, first + case.downloaders + len(case.others)), *range(1, first)]
            outs = [folder(work, f"out{i}") for i in range(case.downloaders)]
            time.sleep(0.5)  # for whoever starts a little later than it says

            start = time.perf_counter()
            gets = []
            for i, out in enumerate(outs):
                link = f"magnet:?xt=urn:btmh:1220{infohash}" + "".join(f"&x.pe={net.address(peer)}:9000" for peer in [*sources, *range(first, first + i)])
                gets.append(all.start(first + i, self.program, "get", link, "-o", out, *self.options(first + i, work), *([] if case.leaves else ["--seed"])))
            notes = [self.note(start) for _ in gets]
            done = [wait_for(get, "done", note) for get, note in zip(gets, notes)]
            wall = time.perf_counter() - start
        if self.log:
            print(json.dumps([(d["seconds"], d["transferSeconds"], [p["bytes"] for p in d["peers"]]) for d in done]), file=self.log, flush=True)
        return wall

    def options(self, host, work):
        return ["--store", os.path.join(work, f"store{host}"), "--listen", net.address(host), "--no-lan", "--json"]

    def note(self, start):
        if not self.log:
            return None
        seen = set()

        def note(event):
            kind = event.get("phase", event["event"])
            if kind not in seen:
                seen.add(kind)
                print(f"{time.perf_counter() - start:.3f} {kind}", file=self.log, flush=True)

        return note


class Libtorrent:
    name = "libtorrent, TCP"

    def run(self, case, source, work):
        first = case.seeds + 1
        torrent = os.path.join(work, "content.torrent")
        make_torrent(source, torrent)
        node = [sys.executable, "-B", os.path.join(TRANSFER, "libtorrent_node.py")]
        with Processes() as all:
            seeds = [all.start(i, *node, "seed", torrent, os.path.dirname(source), net.address(i), "plain") for i in range(1, first)]
            gets = [all.start(first + i, *node, "leech", torrent, folder(work, f"out{i}"), net.address(first + i), "plain") for i in range(case.downloaders)]
            for process in seeds + gets:
                wait_for(process, "ready")

            start = time.perf_counter()
            for i, get in enumerate(gets):
                print("connect", *[net.address(peer) for peer in [*range(1, first), *range(first, first + i)]], file=get.stdin, flush=True)
            for get in gets:
                wait_for(get, "done")
            wall = time.perf_counter() - start
            for get in gets:  # it still writes when it says that it is done
                get.stdin.close()
                get.wait(60)
            return wall


def make_torrent(source, path):
    import libtorrent as lt

    storage = lt.file_storage()
    lt.add_files(storage, source)
    creator = lt.create_torrent(storage, 256 * 1024, lt.create_torrent.v2_only)
    lt.set_piece_hashes(creator, os.path.dirname(source))
    with open(path, "wb") as file:
        file.write(lt.bencode(creator.generate()))
