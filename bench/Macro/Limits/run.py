#!/usr/bin/python3
"""Moves content under rate limits, in either direction, and sets the rate that came out against the limit.

Real sockets on loopback, nothing leaves 127.0.0.0/8. What a seed sends beyond its rate is measured by a relay of this program's own, up to 20 MB/s.
"""

import argparse
import datetime
import filecmp
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Transfer"))
import machine
from clients import ROOT, SHOAL, Processes, wait_for

RATES = {"100kB": 100_000, "1MB": 1_000_000, "20MB": 20_000_000, "100MB": 100_000_000, "400MB": 400_000_000, "1GB": 1_000_000_000}
RELAYED = 20_000_000
COMPARED = 100_000_000  # from here on the machine may be too slow: it says what it does without a limit
MOST = 8_000_000_000  # bytes of a file
TOLERANCE = 0.05


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="of each rate in each direction (3)")
    parser.add_argument("--seconds", type=float, default=8, help="that each run should take (8)")
    parser.add_argument("--rate", action="append", choices=RATES, help="only these; repeatable")
    parser.add_argument("--folder", help="where to work (the temporary folder); needs twice the bytes of one run")
    parser.add_argument("--results", default=os.path.join(ROOT, "bench", "results"), help="where to write DATE-limits.md; a dash for nowhere")
    parser.add_argument("--note", default="", help="a sentence for the reader about this run")
    parser.add_argument("--program", default=SHOAL, help="another build of Shoal than that of this folder")
    return parser.parse_args()


class Relay:
    """Passes one stream on to a seed, and remembers how far what comes back was ever beyond a rate, as a leaking bucket."""

    def __init__(self, seed, address, rate):
        self.seed, self.rate, self.beyond, self.most, self.last = seed, rate, 0.0, 0.0, time.perf_counter()
        self.listener = socket.create_server((address, 0))
        self.address = "%s:%d" % self.listener.getsockname()
        self.sockets = [self.listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        for one in self.sockets:
            one.close()

    def _accept(self):
        try:
            while True:
                here, _ = self.listener.accept()
                host, port = self.seed.rsplit(":", 1)
                there = socket.create_connection((host, int(port)))
                self.sockets += [here, there]
                threading.Thread(target=self._pass, args=(here, there, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(there, here, True), daemon=True).start()
        except OSError:
            pass  # closed

    def _pass(self, source, target, is_watched):
        try:
            while data := source.recv(1 << 18):
                if is_watched:
                    now = time.perf_counter()
                    self.beyond = max(0.0, self.beyond - (now - self.last) * self.rate) + len(data)
                    self.last, self.most = now, max(self.most, self.beyond)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # closed


def measure(chosen, source, rate, is_upload, work):
    """The rate that came out, and what was beyond it at once, in seconds of the rate (None if nobody looked)."""
    limit = [f"--{'upload' if is_upload else 'download'}-limit", str(rate)]
    relay = None
    with Processes() as all:
        common = ["--no-lan", "--json"]
        seed = all.start(all.seeds, [chosen.program, "share", source, "--store", f"{work}/seed", "--listen", "127.0.0.10", *(limit if is_upload else []), *common], stdout=subprocess.PIPE)
        address = wait_for(seed, "listening")["tcp"]
        shared = wait_for(seed, "shared")
        if is_upload and 0 < rate <= RELAYED:
            relay = Relay(address, "127.0.0.12", rate)
        get = all.start(all.downloaders, [chosen.program, "get", shared["infohash"], "-o", f"{work}/out", "--store", f"{work}/get", "--listen", "127.0.0.11",
                                          "--peer", relay.address if relay else address, *([] if is_upload else limit), *common], stdout=subprocess.PIPE)
        done = wait_for(get, "done")
        if relay:
            relay.close()
    if not filecmp.cmp(source, done["path"], shallow=False):
        raise RuntimeError("what came is not what was sent")
    return done["bytes"] / done["transferSeconds"], relay.most / rate if relay else None


def row(name, rate, is_upload, taken):
    offs = [came / rate - 1 for came, _ in taken]
    bursts = [burst for _, burst in taken if burst is not None]
    return (f"| {name}/s | {'up' if is_upload else 'down'} | {statistics.median(offs):+.1%} ({min(offs):+.1%} to {max(offs):+.1%}) | "
            f"{f'{max(bursts) * 1000:.0f} ms' if bursts else ''} | {'yes' if max(abs(off) for off in offs) <= TOLERANCE else '**no**'} |")


def main():
    chosen = options()
    lines, before = [], os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as work:
        for name in chosen.rate or RATES:
            rate = RATES[name]
            source, left = os.path.join(work, name), int(min(rate * chosen.seconds, MOST))
            with open(source, "wb") as file:
                block = os.urandom(1 << 20)
                while left > 0:
                    left -= file.write((os.urandom(16) + block[16:])[:left])  # no two pieces alike
            for is_upload in (False, True):
                taken = []
                for i in range(chosen.runs):
                    folder = tempfile.mkdtemp(dir=work)
                    machine.warm(folder, min(os.path.getsize(source), 1 << 30))
                    came, burst = measure(chosen, source, rate, is_upload, folder)
                    shutil.rmtree(folder)
                    taken.append((came, burst))
                    print(f"{name}/s {'up' if is_upload else 'down'} {i + 1}/{chosen.runs}: {came / rate - 1:+.2%}" + (f", burst {burst * 1000:.0f} ms" if burst else ""), file=sys.stderr, flush=True)
                lines.append(row(name, rate, is_upload, taken))
            if rate >= COMPARED:
                free = measure(chosen, source, 0, False, tempfile.mkdtemp(dir=work))[0]
                lines.append(f"| none | | {free / 1e6:,.0f} MB/s, what the machine could do just then | | |")
                print(f"without a limit: {free / 1e6:.0f} MB/s", file=sys.stderr, flush=True)
            os.remove(source)
    today = datetime.date.today().isoformat()
    content = "\n".join([
        f"# Rate limits, {today}", "",
        f"`./build bench limits --runs {chosen.runs} --seconds {chosen.seconds:g}` at commit {machine.commit(ROOT)}: one seed, one downloader, real sockets on loopback. {machine.facts()}. "
        f"Load of the machine when it began: {before:.1f}, at the end: {os.getloadavg()[0]:.1f}.", "",
        "The rate is the payload over the time from the first request to the last proven piece, so what the protocol adds (about 0.1 %) and the 100 ms that may go beyond it are in it. The burst is the most",
        "that a relay between the two ever saw beyond the rate, in time at that rate, its own delays included.", "",
        *([chosen.note, ""] if chosen.note else []),
        "| limit | direction | off by, median (least to most) | largest burst | all within 5 % |", "| --- | --- | --- | --- | --- |", *lines]) + "\n"
    if chosen.results != "-":
        with open(os.path.join(chosen.results, f"{today}-limits.md"), "w") as file:
            file.write(content)
    print(content)


if __name__ == "__main__":
    main()
