"""Hosts of a network of its own: a namespace each, on one bridge, with an uplink that is narrower than everything else."""

import ctypes
import os
import shutil
import subprocess
import sys

MARK = "SHOAL_SHAPED_NAMESPACE"


def enter():
    """Begins this program anew in namespaces that vanish with it: nothing that it sends can leave them."""
    if MARK in os.environ:
        return
    if os.geteuid() != 0 or any(shutil.which(tool) is None for tool in ("ip", "tc", "unshare")):
        sys.exit("shaped: links of a known width need network namespaces: run it as root, with iproute2 and util-linux installed")
    os.environ[MARK] = "1"
    os.execvp("unshare", ["unshare", "-n", "-m", "sh", "-c", 'ip link set lo up && mkdir -p /run/netns && mount -t tmpfs none /run/netns && exec "$@"', "sh", sys.executable, "-B", *sys.argv])


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"shaped: {' '.join(words)}: {done.stderr.strip()}")


def end_with_parent():
    """In a child, before it becomes a program: it is ended if we are."""
    ctypes.CDLL(None).prctl(1, 15)


class Net:
    """As a context: hosts with 10.88.0.1, 10.88.0.2 and so on."""

    def __init__(self, uplinks, congestion=None):
        """`uplinks` holds the bits a second that each host may send."""
        self.uplinks, self.congestion = uplinks, congestion

    def __enter__(self):
        run("ip", "link", "add", "hub", "type", "bridge")
        run("ip", "link", "set", "hub", "up")
        for number, rate in enumerate(self.uplinks, 1):
            space = f"host{number}"
            run("ip", "netns", "add", space)
            run("ip", "link", "add", f"to{number}", "type", "veth", "peer", "name", "eth0", "netns", space)
            run("ip", "link", "set", f"to{number}", "master", "hub", "up")
            run("ip", "-n", space, "link", "set", "lo", "up")
            run("ip", "-n", space, "address", "add", f"{address(number)}/24", "dev", "eth0")
            run("ip", "-n", space, "link", "set", "eth0", "up")
            if rate:
                run("ip", "netns", "exec", space, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", f"{rate}bit", "burst", "64kb", "latency", "100ms")
            if self.congestion:
                run("ip", "netns", "exec", space, "sysctl", "-qw", f"net.ipv4.tcp_congestion_control={self.congestion}")
        return self

    def __exit__(self, *_):
        for number in range(1, len(self.uplinks) + 1):  # the link first: a namespace's own links go away late
            run("ip", "link", "del", f"to{number}")
            run("ip", "netns", "del", f"host{number}")
        run("ip", "link", "del", "hub")


def address(number):
    return f"10.88.0.{number}"


def under(number):
    """What runs a command on a host."""
    return ["ip", "netns", "exec", f"host{number}"]
