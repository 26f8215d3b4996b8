#!/usr/bin/python3
"""Moves the same content with Shoal, with other clients and with the floor, in turn, and writes down how long that took and what it cost.

Needs (Debian): python3-libtorrent, aria2, and transmission-daemon for --transmission. Nothing leaves 127.0.0.0/8; with --transmission, which
refuses peers there, all of it runs in a network namespace of its own (needs root).
"""

import argparse
import datetime
import os
import resource
import shutil
import subprocess
import sys
import tempfile

import clients
import machine
import report

CASES = ["one", "v1", "hybrid", "folder", "four-one", "one-four"]
RESULTS = os.path.join(clients.ROOT, "bench", "results")


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="of each program in each case (5)")
    parser.add_argument("--mib", type=int, default=1024, help="of the single file (1024); one to four moves half of it")
    parser.add_argument("--files", type=int, default=20000, help="of 4 KiB in the folder (20000)")
    parser.add_argument("--case", action="append", choices=CASES, help="only these; repeatable")
    parser.add_argument("--shipped", action="store_true", help="also libtorrent as shipped, one to one, with a file of 64 MiB: uTP is slow on loopback")
    parser.add_argument("--transmission", action="store_true", help="also transmission, one to one, with a file of 64 MiB")
    parser.add_argument("--folder", help="where to work (the temporary folder); needs three times the size")
    parser.add_argument("--results", default=RESULTS, help="where to write DATE-transfer.md and .svg")
    parser.add_argument("--note", default="", help="a sentence for the reader about this run")
    return parser.parse_args()


def enter_namespace():
    addresses = "".join(f" && ip addr add 10.77.0.{i}/32 dev lo" for i in (1, 2, 3))
    os.environ["SHOAL_BENCH_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "-n", "sh", "-c", f'ip link set lo up{addresses} && exec "$@"', "sh", sys.executable, "-B", *sys.argv])


def make_file(work, name, mib):
    path = os.path.join(work, name)
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(os.urandom(machine.MIB))
    return path


def make_folder(work, count):
    root = os.path.join(work, "many")
    for i in range(count):
        folder = os.path.join(root, f"{i // 200:04}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{i:06}"), "wb") as file:
            file.write(os.urandom(4096))
    return root


def cases(chosen, work):
    wanted = chosen.case or CASES
    made = []
    one = make_file(work, "one.bin", chosen.mib) if {"one", "v1", "hybrid", "four-one"} & set(wanted) else None
    if "one" in wanted:
        made.append(clients.Case("one", f"One to one, {chosen.mib} MiB", one, chosen.mib << 20, 1, 1))
    for version, title in (("v1", "Version 1"), ("hybrid", "Hybrid")):
        if version in wanted:
            made.append(clients.Case(version, f"{title}, one to one, {chosen.mib} MiB", one, chosen.mib << 20, 1, 1, version))
    if "folder" in wanted:
        made.append(clients.Case("folder", f"One to one, {chosen.files} files of 4 KiB", make_folder(work, chosen.files), chosen.files * 4096, 1, 1))
    if "four-one" in wanted:
        made.append(clients.Case("four-one", f"Four to one, {chosen.mib} MiB", one, chosen.mib << 20, 4, 1))
    if "one-four" in wanted:
        half = chosen.mib // 2
        made.append(clients.Case("one-four", f"One to four that know each other, {half} MiB each", make_file(work, "half.bin", half), half << 20, 1, 4))
    return made


def limited(case, limit, work):
    """The case with a smaller file, for a program that is too slow for the whole."""
    if limit is None or case.size <= limit:
        return case
    path = os.path.join(work, "small.bin")
    if not os.path.exists(path):
        make_file(work, "small.bin", limit >> 20)
    return clients.Case(case.name, case.title, path, limit, case.seeds, case.downloaders, case.version)


def measure(client, case, work):
    folder = tempfile.mkdtemp(dir=work)
    try:
        machine.warm(work, case.size * case.downloaders)
        taken = client.run(case, folder)
        for i in range(case.downloaders):
            copy = os.path.join(folder, f"out{i}", os.path.basename(case.source))
            subprocess.run(["diff", "-rq", case.source, copy], check=True)
        return taken
    finally:
        shutil.rmtree(folder)


def main():
    chosen = options()
    if chosen.transmission and "SHOAL_BENCH_NAMESPACE" not in os.environ:
        enter_namespace()

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536), hard))
    programs = [clients.Floor(), clients.Shoal(), clients.Libtorrent("tuned"), clients.Aria2()]
    text, drawn, rows, failures = [], [], [], []
    before = os.getloadavg()[1]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as work:
        for case in cases(chosen, work):
            here = [p for p in programs if p.runs(case)]
            if case.name == "one":
                here += [clients.Libtorrent("shipped", 64 << 20)] * chosen.shipped + [clients.Transmission()] * chosen.transmission
            fitted = {p.name: limited(case, p.limit, work) for p in here}
            taken = {p.name: [] for p in here}
            for i in range(chosen.runs):
                for program in here:
                    what = f"{case.name} {i + 1}/{chosen.runs} {program.name}"
                    try:
                        run = measure(program, fitted[program.name], work)
                    except (RuntimeError, subprocess.CalledProcessError) as error:
                        failures.append(f"{what}: {type(error).__name__}")
                        print(f"{what}: failed: {error}", file=sys.stderr, flush=True)
                        continue
                    taken[program.name].append(run)
                    print(f"{what}: {run.wall:.2f} s, CPU {run.cpu:.2f} s", file=sys.stderr, flush=True)
            taken = {name: runs for name, runs in taken.items() if runs}
            text += report.table(case, {name: c.size for name, c in fitted.items()}, taken)
            rows += report.goals(case, taken)
            drawn.append((case, taken))
    today = datetime.date.today().isoformat()
    head = [
        f"# Transfers beside other clients, {today}", "",
        f"`./build bench --runs {chosen.runs} --mib {chosen.mib} --files {chosen.files}` at commit {machine.commit(clients.ROOT)}; medians of {chosen.runs} (least-most), the programs in turn on the same files. {machine.facts()}. "
        f"Load of the machine when it began: {before:.1f}, at the end: {os.getloadavg()[1]:.1f}. Sources in the page cache, destinations on the disk without fsync, every copy compared with its source.",
        "", "Wall: of Shoal and aria2 from the command, of libtorrent from being told of the peer, until everything is proven and in place. Transfer: Shoal's from its first request, libtorrent's from its first",
        "connection, aria2's from the first byte on the disk; the floor is nothing else. CPU of all processes together, user and system.", ""]
    if failures:
        head += [f"Runs that failed and do not count: {'; '.join(failures)}.", ""]
    if chosen.note:
        head += [chosen.note, ""]
    head += [f"![wall seconds]({today}-transfer.svg)", ""]
    content = "\n".join(head + text + (report.goals_table(rows) if rows else [])).rstrip() + "\n"
    with open(os.path.join(chosen.results, f"{today}-transfer.md"), "w") as file:
        file.write(content)
    with open(os.path.join(chosen.results, f"{today}-transfer.svg"), "w") as file:
        file.write(report.plot(drawn))
    print(content)


if __name__ == "__main__":
    main()
