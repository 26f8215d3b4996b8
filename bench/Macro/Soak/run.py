#!/usr/bin/python3
"""One node holds many torrents at a small --memory, fetches them again and again and serves them, while peers of all kinds come and go.
Then they leave, and nothing may be left of them: no memory, no descriptor, no work. Needs Linux and python3-libtorrent; stays in 127.0.0.0/8.
"""

import argparse
import datetime
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", "..", ".."))
# Both folders have a tracker.py: the one of the checks is meant.
sys.path[1:1] = [os.path.join(ROOT, "tests", "Interop", "clients"), os.path.join(HERE, "..", "Transfer")]

import judge
import libtorrent_peer
import machine
import nuisances
import visits
from crowd import Crowd
from harness import Failed
from probe import Probe
from torrents import Torrents, chances
from tracker import Tracker

RESULTS = os.path.join(ROOT, "bench", "results")


def options():
    parser = argparse.ArgumentParser(prog="./build soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60, help="of peers that come and go (60)")
    parser.add_argument("--torrents", type=int, default=50, help="that the node holds (50)")
    parser.add_argument("--memory", default="32MiB", help="of the node (32MiB)")
    parser.add_argument("--fetching", type=int, default=4, help="torrents that are fetched at a time (4)")
    parser.add_argument("--downloading", type=int, default=5, help="peers that download at a time (5)")
    parser.add_argument("--seed", type=int, help="of everything that is drawn; else another each time")
    parser.add_argument("--folder", help="where to work (the temporary folder); needs some 5 GB")
    parser.add_argument("--results", default=RESULTS, help="where to write DATE-soak.md and .svg")
    parser.add_argument("--note", default="", help="a sentence for the reader about this run")
    return parser.parse_args()


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def soak(chosen, seed, work, world):
    tracker = Tracker()
    world.on_close(tracker.close)
    torrents = Torrents(work, chosen.torrents, [tracker.http, tracker.udp])
    node = visits.Node(world, chosen.memory)
    os.nice(10)  # the crowd, not the node
    seconds = chosen.minutes * 60
    settle, idle = (20, 40) if seconds < 900 else (60, 120)
    probe = Probe(node.process.pid, node.out, min(5.0, max(0.5, seconds / 360)))
    world.on_close(probe.close)
    crowd = Crowd(node, torrents, chances(seed))

    crowd.fill()
    say(f"{chosen.torrents} torrents, {sum(t.length for t in torrents.all) / 1e9:.2f} GB, are fetched for the first time in {probe.now():.0f} s")
    time.sleep(settle)
    rest, load = probe.take(), probe.now()
    crowd.come(chosen.fetching, chosen.downloading)
    for tenth in range(1, 11):
        time.sleep(max(0, load + tenth * seconds / 10 - probe.now()))
        now = probe.take()
        say(f"{now.resident:.0f} MiB, heap {now.heap:.0f} MiB, {now.threads} threads, {dict(now.descriptors)}, CPU {now.cpu:.0f} s; {sum(crowd.came.values())} visits, {sum(crowd.moved.values()) / 1e9:.1f} GB")
    over = probe.now()
    crowd.leave()
    gone = probe.now()
    say(f"everybody is gone, {gone - over:.0f} s after the last came")
    time.sleep(settle)
    begin = probe.now()
    time.sleep(idle)
    course = judge.Course(probe.samples, rest, (load, over), (begin, probe.now()), probe.take())
    probe.close()
    return node, torrents, crowd, course, [*judge.verdicts(course), *afterwards(node, torrents, crowd)]


def afterwards(node, torrents, crowd):
    """Verdicts about what the node did, and that it still works."""
    yield "whoever stayed got everything, proven", not crowd.trouble, f"{sum(crowd.came.values())} visits, {len(crowd.trouble)} in trouble"
    wrong = []
    for torrent in torrents.all:
        try:
            if torrent.held:
                torrent.expect_in(node.out)
            else:
                wrong.append(torrent.name)
        except Failed as why:
            wrong.append(str(why))
    yield "everything fetched is what it should be", not wrong, f"{len(torrents.all) - len(wrong)} torrents compared with their sources{'; ' if wrong else ''}{'; '.join(wrong[:3])}"
    verify = node.command(node.world, "verify")
    verify.process.wait(600)
    verified = verify.all("verified")
    bad = sum(event["bad"] for event in verified)
    yield "the node proves everything again", verify.process.returncode == 0 and bad == 0 and len(verified) == len(torrents.all), f"{sum(event['ok'] for event in verified)} pieces of {len(verified)} torrents, {bad} bad"
    node.process.process.terminate()
    code = node.process.process.wait(60)
    said = node.process.said.strip()
    yield "the node ends in order, and had nothing to complain of", code == 0 and not node.process.all("error"), f"it ended with {code}{'; it said: ' + said[:300] if said else ''}"


def page(chosen, seed, course, crowd, results, before):
    today = datetime.date.today().isoformat()
    lines = [
        f"# A soak of {chosen.minutes:g} minutes, {today}", "",
        f"`./build soak --minutes {chosen.minutes:g} --torrents {chosen.torrents} --memory {chosen.memory} --fetching {chosen.fetching} --downloading {chosen.downloading} --seed {seed}` at commit {machine.commit(ROOT)}. {machine.facts()}. "
        f"Load of the machine when it began: {before:.1f}, at the end: {os.getloadavg()[1]:.1f}.", "",
        f"One node holds {chosen.torrents} torrents of v1, v2 and hybrid, from one file of 100 bytes to one of 128 MiB and folders of 400 files, with pieces of 16 KiB to 8 MiB, at `--memory {chosen.memory}`. It loses and fetches {chosen.fetching} of them at a time, from libtorrent and Shoal, with sources that",
        f"stall, lie or die among them, and {chosen.downloading} peers at a time download from it, of which one in three goes midway. Somebody looks at its store now and then, and {len(nuisances.ALL)} kinds of nuisances come and go. Every copy is compared with its source. The crowd runs at nice 10.", ""]
    if chosen.note:
        lines += [chosen.note, ""]
    lines += ["| | must hold | seen |", "| --- | --- | --- |"]
    lines += [f"| {'ok' if holds else '**FAILED**'} | {what} | {seen} |" for what, holds, seen in results]
    lines += [
        "", f"Memory is compared with its median in the second tenth, by medians. It may be {judge.TOLERANCE - 1:.0%} and {judge.SLACK} MiB above that: the collector decides when it gives back what it has, and it has more or less by the size of its youngest generation.",
        "", f"![over time]({today}-soak.svg)", "", *judge.table(course), "", "Medians (least-most) of samples.", "",
        "| visits | how many | GB that arrived and were proven |", "| --- | --- | --- |",
        *(f"| {kind} | {count} | {f'{crowd.moved[kind] / 1e9:.2f}' if crowd.moved[kind] else '-'} |" for kind, count in crowd.came.items())]
    if crowd.trouble:
        lines += ["", "In trouble:", "", *(f"- {trouble.splitlines()[0]}" for trouble in crowd.trouble[:20])]
    with open(os.path.join(chosen.results, f"{today}-soak.md"), "w") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(chosen.results, f"{today}-soak.svg"), "w") as file:
        file.write(judge.plot(course))


def main():
    chosen = options()
    libtorrent_peer.needed()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(130))  # whatever was started ends, and its folder goes
    seed = random.randrange(1 << 31) if chosen.seed is None else chosen.seed
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    before = os.getloadavg()[1]
    work = tempfile.tempdir = tempfile.mkdtemp(prefix="soak-", dir=chosen.folder)
    with open(os.path.join(ROOT, "artifacts", "shoal", "current")) as file:  # what ./shoal runs, without asking each time whether the sources are newer
        binary = os.path.join(ROOT, "artifacts", "shoal", file.readline().strip())
    world = visits.Visit(binary, chosen.minutes * 60 + 7200)
    say(f"seed {seed}, in {work}")
    try:
        node, torrents, crowd, course, results = soak(chosen, seed, work, world)
    finally:
        world.close()
        shutil.rmtree(work, ignore_errors=True)
    page(chosen, seed, course, crowd, results, before)
    print("\n".join(judge.table(course)))
    for what, holds, seen in results:
        print(f"{'ok    ' if holds else 'FAILED'} {what}: {seen}")
    sys.exit(0 if all(holds for _, holds, _ in results) else 1)


if __name__ == "__main__":
    main()
