"""The programs that are measured. Each `run(case, work)` moves the content of a case once and says what that took, as a `Run`."""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import tracker
from machine import stop, usage

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
FLOOR = os.path.join(ROOT, "artifacts", "floor", "Shoal.Floor")
SHOAL = os.path.join(ROOT, "shoal")


@dataclasses.dataclass
class Run:
    wall: float  # from the command, or from knowing the peer, until everything is proven and in place
    transfer: float | None  # the same without start-up and waiting to connect; None where it cannot be told
    cpu: float  # seconds of all processes, from there on
    seed: float  # peak resident MiB of the largest
    downloader: float


@dataclasses.dataclass
class Case:
    name: str
    title: str
    source: str
    size: int
    seeds: int
    downloaders: int
    version: str = "v2"


class Processes:
    """Children that end with the block, and what they cost."""

    def __init__(self, end_with_input=False):
        self.end_with_input = end_with_input

    def __enter__(self):
        self.seeds, self.downloaders, self.before = [], [], 0.0
        return self

    def __exit__(self, *_):
        for process in self.downloaders + self.seeds:
            process.stdin.close()
            stop(process, patience=60 if self.end_with_input else 0)

    def start(self, where, command, **how):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, **how)
        where.append(process)
        return process

    def begin(self):
        self.before = sum(usage(p.pid)[0] for p in self.seeds + self.downloaders)
        return time.perf_counter()

    def end(self, start, transfer=None):
        wall = time.perf_counter() - start
        seeds, downloaders = [usage(p.pid) for p in self.seeds], [usage(p.pid) for p in self.downloaders]
        return Run(wall, transfer(wall) if transfer else None, sum(cpu for cpu, _ in seeds + downloaders) - self.before, max(peak for _, peak in seeds), max(peak for _, peak in downloaders))


def wait_for(process, name):
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == name:
            return event
        if event["event"] == "error":
            break
    raise RuntimeError(f"a process ended before it said {name}: {line}")


def folders(work, count):
    made = [os.path.join(work, f"out{i}") for i in range(count)]
    for folder in made:
        os.mkdir(folder)
    return made


class Floor:
    name = "the floor"
    limit = None

    def runs(self, case):
        return case.name == "one"

    def run(self, case, work):
        copy = os.path.join(folders(work, 1)[0], os.path.basename(case.source))
        took = json.loads(subprocess.run([FLOOR, case.source, copy], check=True, capture_output=True, text=True).stdout)
        return Run(took["seconds"], took["seconds"], took["seedCpu"] + took["downloaderCpu"], took["seedPeakMiB"], took["downloaderPeakMiB"])


class Shoal:
    name = "Shoal"
    limit = None

    def runs(self, case):
        return True

    def run(self, case, work):
        with Processes() as all:
            links = []
            for i in range(case.seeds):
                here = ["--store", f"{work}/seed{i}", "--listen", f"127.0.0.{10 + i}", "--json"]
                if case.version == "v1":  # which it does not make: it seeds what it finds in place
                    torrent = make_torrent(case.source, work, "v1")
                    wait_for(all.start(all.seeds, [SHOAL, "get", torrent, "-o", os.path.dirname(case.source), "--seed", *here], stdout=subprocess.PIPE), "done")
                    links.append(torrent)
                    continue
                share = all.start(all.seeds, [SHOAL, "share", case.source, *["--hybrid"] * (case.version == "hybrid"), *here], stdout=subprocess.PIPE)
                links.append(wait_for(share, "shared")["link"])
            seeds = [f"127.0.0.{10 + i}:9000" for i in range(case.seeds)]
            outs = folders(work, case.downloaders)
            start = all.begin()
            for i, out in enumerate(outs):
                peers = seeds + [f"127.0.0.{50 + j}:9000" for j in range(i)]
                all.start(
                    all.downloaders,
                    [SHOAL, "get", links[0], "-o", out, "--seed", "--store", f"{work}/leech{i}", "--listen", f"127.0.0.{50 + i}", "--json"] + [word for peer in peers for word in ("--peer", peer)],
                    stdout=subprocess.PIPE)
            done = [wait_for(p, "done") for p in all.downloaders]
            return all.end(start, lambda _: max(d["transferSeconds"] for d in done))


class Libtorrent:
    def __init__(self, preset, limit=None):
        self.name = f"libtorrent, {'tuned' if preset == 'tuned' else 'as shipped'}"
        self.preset = preset
        self.limit = limit

    def runs(self, case):
        return True

    def run(self, case, work):
        torrent = make_torrent(case.source, work, case.version)
        node = [sys.executable, "-B", os.path.join(HERE, "libtorrent_node.py")]
        with Processes(end_with_input=True) as all:  # it still writes when it says that it is done
            seeds = [f"127.0.0.{10 + i}" for i in range(case.seeds)]
            downloaders = [f"127.0.0.{50 + i}" for i in range(case.downloaders)]
            for address in seeds:
                all.start(all.seeds, node + ["seed", torrent, os.path.dirname(case.source), address, self.preset], stdout=subprocess.PIPE)
            for address, out in zip(downloaders, folders(work, case.downloaders)):
                all.start(all.downloaders, node + ["leech", torrent, out, address, self.preset], stdout=subprocess.PIPE)
            for process in all.seeds + all.downloaders:
                wait_for(process, "ready")
            start = all.begin()
            for i, process in enumerate(all.downloaders):
                print("connect", *seeds, *downloaders[:i], file=process.stdin, flush=True)
            done = [wait_for(p, "done") for p in all.downloaders]
            return all.end(start, lambda wall: wall - min(d["connected"] or 0 for d in done))


class Aria2:
    name = "aria2 (v1)"
    limit = None

    def runs(self, case):
        return case.version != "hybrid"  # of which it makes a torrent of its own: it hashes their info dictionary wrongly

    def run(self, case, work):
        with tracker.Tracker("127.0.0.1") as peers, Processes() as all:
            torrent = make_torrent(case.source, work, "v1", peers.url)
            common = [
                "aria2c", "--no-conf", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--disable-ipv6=true",
                "--file-allocation=none", "--console-log-level=error", "--summary-interval=0", "--show-console-readout=false", "--bt-min-crypto-level=plain",
                "--bt-require-crypto=false", "--allow-overwrite=true", "--seed-ratio=0.0", "--listen-port=7001"]
            for i in range(case.seeds):
                all.start(all.seeds, common + [f"--interface=127.0.0.{10 + i}", f"--dir={os.path.dirname(case.source)}", "--bt-seed-unverified=true", "--check-integrity=false", torrent], stdout=subprocess.DEVNULL)
            peers.wait_for(case.seeds)
            time.sleep(0.5)
            outs = folders(work, case.downloaders)
            start = all.begin()
            for i, out in enumerate(outs):
                hook = os.path.join(work, f"hook{i}")
                with open(hook, "w") as file:
                    file.write(f"#!/bin/sh\ntouch {out}.done\n")
                os.chmod(hook, 0o755)
                all.start(all.downloaders, common + [f"--interface=127.0.0.{50 + i}", f"--dir={out}", f"--on-bt-download-complete={hook}", torrent], stdout=subprocess.DEVNULL)
            first = None
            while not all_exist(f"{out}.done" for out in outs):
                if first is None and os.path.isfile(case.source) and has_bytes(os.path.join(outs[0], os.path.basename(case.source))):
                    first = time.perf_counter() - start
                if time.perf_counter() - start > 600 or any(p.poll() is not None for p in all.downloaders):
                    raise RuntimeError("aria2 did not finish")
                time.sleep(0.005)
            return all.end(start, lambda wall: None if first is None or len(outs) > 1 else wall - first)


class Transmission:
    """Only in a network namespace with addresses outside 127.0.0.0/8, where it refuses peers."""

    name = "transmission (v1)"
    limit = 64 << 20

    def runs(self, case):
        return case.name == "one"

    def run(self, case, work):
        with tracker.Tracker("10.77.0.1") as peers, Processes() as all:
            torrent = make_torrent(case.source, work, "v1", peers.url)
            out = folders(work, 1)[0]
            seed = self.daemon(all, all.seeds, work, "10.77.0.2", 9101)
            downloader = self.daemon(all, all.downloaders, work, "10.77.0.3", 9102)
            seed("torrent-add", filename=torrent, **{"download-dir": os.path.dirname(case.source)})
            downloader("torrent-add", filename=torrent, **{"download-dir": out})
            while seed("torrent-get", fields=["leftUntilDone", "status"])["torrents"][0] != {"leftUntilDone": 0, "status": 0}:
                time.sleep(0.1)
            seed("torrent-start-now")
            peers.wait_for(1)
            start = all.begin()
            first = None
            downloader("torrent-start-now")
            while True:
                state = downloader("torrent-get", fields=["leftUntilDone", "downloadedEver"])["torrents"][0]
                if first is None and state["downloadedEver"] > 0:
                    first = time.perf_counter() - start
                if state["leftUntilDone"] == 0 and first is not None:
                    return all.end(start, lambda wall: wall - first)
                time.sleep(0.2)

    def daemon(self, all, where, work, address, port):
        folder = tempfile.mkdtemp(dir=work)
        with open(os.path.join(folder, "settings.json"), "w") as file:
            json.dump({
                "bind-address-ipv4": address, "bind-address-ipv6": "::1", "peer-port": 7001, "rpc-port": port, "rpc-bind-address": "127.0.0.1",
                "rpc-authentication-required": False, "rpc-whitelist-enabled": False, "dht-enabled": False, "lpd-enabled": False, "pex-enabled": False,
                "utp-enabled": False, "port-forwarding-enabled": False, "encryption": 0, "preallocation": 0, "start-added-torrents": False,
                "ratio-limit-enabled": False, "message-level": 1}, file)
        all.start(where, ["transmission-daemon", "-f", "-g", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        session = {"X-Transmission-Session-Id": ""}

        def ask(method, **arguments):
            body = json.dumps({"method": method, "arguments": arguments}).encode()
            for _ in range(200):
                try:
                    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/transmission/rpc", body, session), timeout=30) as answer:
                        return json.load(answer)["arguments"]
                except urllib.error.HTTPError as error:
                    session["X-Transmission-Session-Id"] = error.headers["X-Transmission-Session-Id"]
                except OSError:
                    time.sleep(0.05)
            raise RuntimeError("transmission does not answer")

        return ask


def all_exist(paths):
    return all(os.path.exists(path) for path in paths)


def has_bytes(path):
    try:
        return os.stat(path).st_blocks > 0
    except FileNotFoundError:
        return False


def make_torrent(source, work, version, announce=None):
    import libtorrent as lt

    storage = lt.file_storage()
    lt.add_files(storage, source)
    creator = lt.create_torrent(storage, 0, {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}[version])
    if announce:
        creator.add_tracker(announce)
    lt.set_piece_hashes(creator, os.path.dirname(source))
    path = os.path.join(work, f"{version}.torrent")
    with open(path, "wb") as file:
        file.write(lt.bencode(creator.generate()))
    return path
