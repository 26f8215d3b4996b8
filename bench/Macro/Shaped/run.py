#!/usr/bin/python3
"""Moves 100 MB over uplinks of 40 Mbit/s, to one and to many, and sets what that took against what the wire allows.

Each host is a network namespace with a token bucket on its way out. Needs root, iproute2 and, for the comparison, python3-libtorrent (Debian).
"""

import argparse
import datetime
import filecmp
import os
import shutil
import statistics
import sys
import tempfile

import net
import programs
from programs import Case

sys.path.insert(0, programs.TRANSFER)
import machine

RESULTS = os.path.join(programs.ROOT, "bench", "results")
SIZE = 100_000_000
CASES = [
    Case("1", "1 seed to 1", 1, goal="97 % of the wire", most=20.91 / 0.97),
    Case("3", "3 seeds to 1", 3, goal="97 % of the wire", most=6.97 / 0.97),
    Case("10", "10 seeds to 1", 10, goal="94 % of the wire", most=2.091 / 0.94),
    Case("1+4", "1 seed and 4 downloaders that know each other", 1, 4, goal="23 s", most=23),
    Case("1+20", "1 seed and 20 downloaders that know each other", 1, 20, goal="1.3 times the wire", most=20.91 * 1.3),
    Case("1+4-leaving", "the same 4, who leave as soon as they have it", 1, 4, leaves=True),
    Case("slow", "3 seeds and one of 0.1 MB/s", 3, others=("slow",), goal="5 % over 3 seeds"),
    Case("stall", "3 seeds and one that never answers", 3, others=("stall",), goal="5 % over 3 seeds"),
    Case("lie", "3 seeds and one that lies", 3, others=("lie",), goal="5 % over 3 seeds"),
    Case("all", "3 seeds and those three", 3, others=("slow", "stall", "lie"), goal="5 % over 3 seeds"),
]
COMPARED = ["3", "1+4"]


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="of each program in each case (3)")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], help="only these; repeatable")
    parser.add_argument("--compare", choices=["some", "all", "none"], default="some", help="where libtorrent runs as well: in some cases (3 and 1+4), in all without hostile peers, or in none")
    parser.add_argument("--congestion", help="the congestion control of TCP, if it is not to be the machine's: reno, bbr")
    parser.add_argument("--folder", help="where to work (the temporary folder); needs 3 GB for 20 downloaders")
    parser.add_argument("--results", default=RESULTS, help="where to write DATE-shaped.md; a dash for nowhere")
    parser.add_argument("--note", default="", help="a sentence for the reader about this run")
    parser.add_argument("--program", help="another build of Shoal than that of this folder")
    parser.add_argument("--verbose", action="store_true", help="also when each phase of a get began, and what each gave")
    return parser.parse_args()


def measure(program, case, source, folder, congestion):
    work = tempfile.mkdtemp(dir=folder)
    try:
        machine.warm(work, SIZE * min(case.downloaders, 4))
        with net.Net(case.uplinks, congestion) as _:
            wall = program.run(case, source, work)
        for i in range(case.downloaders):
            if not filecmp.cmp(source, os.path.join(work, f"out{i}", os.path.basename(source)), shallow=False):
                raise RuntimeError("what came is not what was sent")
        return wall
    finally:
        shutil.rmtree(work)


def compared(case, chosen):
    if chosen.compare == "none" or case.others or case.leaves or (chosen.compare == "some" and case.name not in COMPARED):
        return []
    try:
        import libtorrent  # noqa: F401
    except ImportError:
        print("shaped: no libtorrent for this python, so none to compare with", file=sys.stderr)
        return []
    return [programs.Libtorrent()]


def spread(walls):
    return f"{statistics.median(walls):.2f} ({min(walls):.2f}-{max(walls):.2f})"


def table(taken):
    lines = ["| case | program | seconds | the wire | of the wire | goal | reached |", "| --- | --- | --- | --- | --- | --- | --- |"]
    three = next((statistics.median(walls) for case, name, walls in taken if case.name == "3" and name == "Shoal"), None)
    for case, name, walls in taken:
        median = statistics.median(walls)
        most = case.most or (three * 1.05 if case.others and three else None)
        goal, reached = ("", "") if name != "Shoal" else (case.goal, "" if most is None else "yes" if median <= most else "**no**")
        lines.append(f"| {case.title} | {name} | {spread(walls)} | {case.wire:.2f} | {case.wire / median:.1%} | {goal} | {reached} |")
    return lines


def main():
    chosen = options()
    net.enter()
    before, taken, failures = os.getloadavg()[0], [], []
    shoal = programs.Shoal(chosen.program, sys.stderr if chosen.verbose else None)
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        source = os.path.join(folder, "content.bin")
        with open(source, "wb") as file:
            file.write(os.urandom(SIZE))
        for case in [case for case in CASES if not chosen.case or case.name in chosen.case]:
            here = [shoal, *compared(case, chosen)]
            walls = {program.name: [] for program in here}
            for i in range(chosen.runs):
                for program in here:
                    what = f"{case.name} {i + 1}/{chosen.runs} {program.name}"
                    try:
                        wall = measure(program, case, source, folder, chosen.congestion)
                    except RuntimeError as error:
                        failures.append(what)
                        print(f"{what}: failed: {error}", file=sys.stderr, flush=True)
                        continue
                    walls[program.name].append(wall)
                    print(f"{what}: {wall:.2f} s, {case.wire / wall:.1%} of the wire, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
            taken += [(case, name, all) for name, all in walls.items() if all]

    today = datetime.date.today().isoformat()
    with open("/proc/sys/net/ipv4/tcp_congestion_control") as file:
        congestion = chosen.congestion or file.read().strip()
    text = [
        f"# Over uplinks of 40 Mbit/s, {today}", "",
        f"`./build bench shaped --runs {chosen.runs}` at commit {machine.commit(programs.ROOT)}; medians of {chosen.runs} (least-most), the programs in turn on the same 100 MB (10^8 bytes) in pieces of 256 KiB. {machine.facts()}. "
        f"TCP's congestion control: {congestion}. Load of the machine when it began: {before:.1f}, at the end: {os.getloadavg()[0]:.1f}. Every copy was compared with its source.", "",
        "Seconds of Shoal: from the command `get` with a link that names the peers, until every downloader has the file, proven and in place; of libtorrent: from being told of the peers, with the torrent in hand.",
        "The wire: what the uplinks of the seeds need for 10^8 bytes, of which each frame of 1514 bytes carries 1448. Whoever has everything stays, unless it says otherwise.", ""]
    if failures:
        text += [f"Runs that failed and do not count: {'; '.join(failures)}.", ""]
    if chosen.note:
        text += [chosen.note, ""]
    text = "\n".join(text + table(taken)) + "\n"
    if chosen.results != "-":
        with open(os.path.join(chosen.results, f"{today}-shaped.md"), "w") as file:
            file.write(text)
    print(text)


if __name__ == "__main__":
    main()
