"""What the measurements need of the machine: warm memory, the cost of processes, facts for a reader."""

import os
import platform
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1 << 20
GIB = 1 << 30


def warm(folder, size):
    """Writes and deletes a file twice the size. A virtual machine gives idle memory back, and the first touch of a page then costs more than
    the transfer; so it goes on until a pass was fast, four times at most."""
    path = os.path.join(folder, "warm")
    block = bytes(MIB)
    for _ in range(4):
        start = time.perf_counter()
        with open(path, "wb") as file:
            for _ in range(2 * size // MIB):
                file.write(block)
        os.remove(path)
        if time.perf_counter() - start < 2 * size / GIB:
            return


def usage(pid):
    """CPU seconds and peak MiB of a process that still runs."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    with open(f"/proc/{pid}/status") as file:
        peak = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    return (int(fields[11]) + int(fields[12])) / TICKS, peak / 1024


def stop(process, patience):
    """Ends a process that we started, unless it ends by itself within so many seconds."""
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def facts():
    with open("/proc/cpuinfo") as file:
        lines = file.read().splitlines()
    model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    flags = next(line for line in lines if line.startswith("flags")).split()
    features = [name for flag, name in (("avx512f", "AVX-512"), ("sha_ni", "SHA instructions"), ("hypervisor", "virtual")) if flag in flags]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    with open("/etc/os-release") as file:
        system = next(line.split("=")[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME"))
    return f"{os.cpu_count()} cores ({model}; {', '.join(features)}), {memory:.0f} GiB, {system}, kernel {platform.release().split('-')[0]}"


def commit(root):
    return subprocess.run(["git", "-C", root, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip() or "unknown"
