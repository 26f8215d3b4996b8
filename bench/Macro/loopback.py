#!/usr/bin/python3
"""One seed to one downloader on loopback, Shoal beside libtorrent, turn by turn, on the same files.

usage: loopback.py [--runs N] [--mib N] [--files N] [--folder DIR]

Prints a table of medians (smallest to largest): seconds from knowing the peer to everything proven and in place, MB/s, CPU seconds of both sides
together per GiB, peak resident memory of each side. Before every run a file twice the size is written and deleted, so that the machine's memory is warm.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SHOAL = os.path.join(HERE, "..", "..", "shoal")
MB = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")


def warm(folder, size):
    path = os.path.join(folder, "warm")
    with open(path, "wb") as file:
        block = bytes(1 << 20)
        for _ in range(2 * size >> 20):
            file.write(block)
    os.remove(path)


def usage(process):
    """CPU seconds and peak MiB of a process that still runs."""
    with open(f"/proc/{process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{process.pid}/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / TICKS, peak / 1024


def events(process):
    for line in process.stdout:
        yield json.loads(line)


def wait_for(process, name):
    return next(e for e in events(process) if e["event"] == name)


def run_shoal(source, folder):
    share = subprocess.Popen([SHOAL, "share", source, "--store", f"{folder}/seed", "--listen", "127.0.0.2", "--json"], stdout=subprocess.PIPE)
    link = wait_for(share, "shared")["link"]
    before, _ = usage(share)
    get = subprocess.Popen([SHOAL, "get", link, "-o", f"{folder}/out", "--seed", "--store", f"{folder}/leech", "--listen", "127.0.0.3", "--json"], stdout=subprocess.PIPE)
    done = wait_for(get, "done")
    leech_cpu, leech_peak = usage(get)
    seed_cpu, seed_peak = usage(share)
    for process in (get, share):
        process.terminate()
        process.wait()
    return {"seconds": done["seconds"], "cpu": seed_cpu - before + leech_cpu, "seed": seed_peak, "leech": leech_peak}


def run_libtorrent(source, folder):
    torrent = os.path.join(folder, "t.torrent")
    subprocess.run([sys.executable, __file__, "--node", "make", torrent, source], check=True)
    seed = subprocess.Popen([sys.executable, __file__, "--node", "seed", torrent, os.path.dirname(source)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    wait_for(seed, "ready")
    before, _ = usage(seed)
    leech = subprocess.Popen([sys.executable, __file__, "--node", "leech", torrent, f"{folder}/out"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    done = wait_for(leech, "done")
    leech_cpu, leech_peak = usage(leech)
    seed_cpu, seed_peak = usage(seed)
    for process in (leech, seed):
        process.stdin.close()
        process.wait()
    return {"seconds": done["seconds"], "cpu": seed_cpu - before + leech_cpu, "seed": seed_peak, "leech": leech_peak}


def node(role, torrent, path):
    """One libtorrent session, tuned for two cores and one peer."""
    import libtorrent as lt

    if role == "make":
        storage = lt.file_storage()
        lt.add_files(storage, path)
        creator = lt.create_torrent(storage, 0, lt.create_torrent.v2_only)
        lt.set_piece_hashes(creator, os.path.dirname(path))
        with open(torrent, "wb") as file:
            file.write(lt.bencode(creator.generate()))
        return

    address = "127.0.0.4" if role == "seed" else "127.0.0.5"
    session = lt.session({
        "listen_interfaces": f"{address}:9700", "outgoing_interfaces": address, "enable_dht": False, "enable_lsd": False, "enable_upnp": False,
        "enable_natpmp": False, "allow_multiple_connections_per_ip": True, "enable_outgoing_utp": False, "enable_incoming_utp": False,
        "in_enc_policy": 2, "out_enc_policy": 2, "allowed_enc_level": 1, "aio_threads": 2, "hashing_threads": 2, "max_out_request_queue": 2000,
        "max_allowed_in_request_queue": 4000, "request_queue_time": 10, "send_buffer_watermark": 8 << 20, "send_buffer_low_watermark": 1 << 20,
        "send_buffer_watermark_factor": 200, "max_queued_disk_bytes": 64 << 20, "unchoke_slots_limit": -1, "no_atime_storage": True,
    })
    parameters = lt.add_torrent_params()
    parameters.ti = lt.torrent_info(torrent)
    parameters.save_path = path
    if role == "seed":
        parameters.flags |= lt.torrent_flags.seed_mode
    torrent_handle = session.add_torrent(parameters)
    if role == "seed":
        print(json.dumps({"event": "ready"}), flush=True)
        sys.stdin.read()
        return

    start = time.perf_counter()
    while torrent_handle.status().state != lt.torrent_status.states.downloading:
        time.sleep(0.01)
    torrent_handle.connect_peer(("127.0.0.4", 9700))
    while not torrent_handle.status().is_seeding:
        if time.perf_counter() - start > 300:
            sys.exit("not done in 300 s")
        time.sleep(0.01)
    print(json.dumps({"event": "done", "seconds": time.perf_counter() - start}), flush=True)
    sys.stdin.read()


def make_file(folder, mib):
    path = os.path.join(folder, "one.bin")
    with open(path, "wb") as file:
        for _ in range(mib):
            file.write(os.urandom(1 << 20))
    return path, mib << 20


def make_folder(folder, count):
    root = os.path.join(folder, "many")
    for i in range(count):
        os.makedirs(os.path.join(root, f"{i // 200:04}"), exist_ok=True)
        with open(os.path.join(root, f"{i // 200:04}", f"{i:06}"), "wb") as file:
            file.write(os.urandom(4096))
    return root, count * 4096


def row(name, size, runs):
    def spread(values, form):
        return f"{form.format(statistics.median(values))} ({form.format(min(values))}-{form.format(max(values))})"
    return " | ".join([
        "", name, spread([r["seconds"] for r in runs], "{:.2f}"), spread([size / MB / r["seconds"] for r in runs], "{:.0f}"),
        spread([r["cpu"] / size * 2**30 for r in runs], "{:.2f}"), f"{max(r['seed'] for r in runs):.0f} + {max(r['leech'] for r in runs):.0f}", ""]).strip()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--mib", type=int, default=1024)
    options.add_argument("--files", type=int, default=20000)
    options.add_argument("--folder", default=None, help="where to work (default: the temporary folder)")
    options.add_argument("--node", nargs=3, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.node:
        node(*chosen.node)
        return

    subprocess.run([SHOAL, "--version"], check=True, stdout=subprocess.DEVNULL)
    limit = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory(dir=chosen.folder) as work:
        for title, (source, size) in (
                (f"one file of {chosen.mib} MiB", make_file(work, chosen.mib)), (f"{chosen.files} files of 4 KiB", make_folder(work, chosen.files))):
            runs = {"Shoal": [], "libtorrent, tuned": []}
            for _ in range(chosen.runs):
                for name, run in (("Shoal", run_shoal), ("libtorrent, tuned", run_libtorrent)):
                    folder = tempfile.mkdtemp(dir=work)
                    warm(work, size)
                    runs[name].append(run(source, folder))
                    shutil.rmtree(folder)
            print(f"\n{title}, median of {chosen.runs} (smallest-largest)\n\n| client | seconds | MB/s | CPU s per GiB | peak MiB, seed + downloader |\n| --- | --- | --- | --- | --- |")
            for name, taken in runs.items():
                print(row(name, size, taken), flush=True)


if __name__ == "__main__":
    main()
