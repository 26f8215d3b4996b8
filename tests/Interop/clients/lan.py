"""A local network of its own: network namespaces on a bridge, with private addresses. Nothing of it touches the machine's interfaces."""

import contextlib
import ctypes
import itertools
import os
import shutil
import socket
import subprocess
import threading

from harness import Failed, Skipped

_NEWNET = 0x40000000  # CLONE_NEWNET
_ALL_FRAMES = 0x0003  # ETH_P_ALL
_RCVBUFFORCE = 33  # SO_RCVBUFFORCE
PLAIN_HANDSHAKE = b"\x13BitTorrent protocol"
GROUP = bytes([239, 192, 152, 143])  # and the end of the group's IPv6 address

_number = itertools.count(1)


def ip(*args):
    done = subprocess.run(["ip", *args], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"ip {' '.join(args)}: {done.stderr.strip()}")


class Lan:
    def __init__(self, check, hosts=3, v4=True, v6=True):
        if shutil.which("ip") is None:
            raise Skipped("no network of its own can be made: there is no ip; Debian: apt install iproute2")
        self.check, self._v4, self._v6 = check, v4, v6
        self._name = f"shoal{os.getpid()}-{next(_number)}-"
        self._spaces = []
        try:
            self._make("hub")
        except Failed as why:
            raise Skipped(f"no network of its own can be made: {why}") from None
        ip("-n", self._space("hub"), "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        ip("-n", self._space("hub"), "link", "set", "bridge", "up")
        self.hosts = [self._host(number) for number in range(1, hosts + 1)]
        self.frames = self.plain_handshakes = 0
        self._count()

    def _space(self, name):
        return self._name + name

    def _make(self, name):
        ip("netns", "add", self._space(name))
        self._spaces.append(name)
        self.check.on_close(lambda: subprocess.run(["ip", "netns", "del", self._space(name)], capture_output=True))
        ip("-n", self._space(name), "link", "set", "lo", "up")

    def _host(self, number):
        name = f"host{number}"
        self._make(name)
        hub, space = self._space("hub"), self._space(name)
        ip("-n", hub, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", space)
        ip("-n", hub, "link", "set", name, "master", "bridge", "up")
        if self._v4:
            ip("-n", space, "address", "add", f"10.77.0.{number}/24", "dev", "eth0")
        if self._v6:
            ip("-n", space, "address", "add", f"fd77::{number}/64", "dev", "eth0", "nodad")
        ip("-n", space, "link", "set", "eth0", "up")
        if self._v4:  # for programs that name no interface to a group
            ip("-n", space, "route", "add", "224.0.0.0/4", "dev", "eth0")
        return Host(self, space, f"10.77.0.{number}")

    def _count(self):
        """Counts what names the groups of local discovery on the bridge: announcements, and what joins the groups."""
        def heard(frame):
            if GROUP in frame:
                self.frames += 1

        self._listen("bridge", heard)

    def count_plain_handshakes(self):
        """Counts from now on what the first host sends and receives."""
        def heard(frame):
            if PLAIN_HANDSHAKE in frame:
                self.plain_handshakes += 1

        self._listen("host1", heard)

    def _listen(self, device, heard):
        with entered(self._space("hub")):
            listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_FRAMES))
        listener.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 8 << 20)
        listener.bind((device, 0))

        def listen():
            with contextlib.suppress(OSError):
                while True:
                    heard(listener.recv(2048))

        threading.Thread(target=listen, daemon=True).start()
        self.check.on_close(listener.close)


class Host:
    def __init__(self, lan, space, address):
        self.check, self.space, self.address = lan.check, space, address
        self._stores = 0

    @property
    def under(self):
        """What runs a command here."""
        return ["ip", "netns", "exec", self.space]

    def run(self, *args, **options):
        """A Shoal as it is without options: on all interfaces of this host, at the default ports."""
        self._stores += 1
        store = self.check.path(self.space, f"store{self._stores}")
        return self.check.plain(*args, "--store", store, under=self.under, **options)

    def run_on(self, holder, *args):
        """Acts through whoever holds a store on this host."""
        store = holder.argv[holder.argv.index("--store") + 1]
        return self.check.plain(*args, "--store", store, under=self.under)

    def share(self, *paths, args=()):
        shoal = self.run("share", *paths, *args)
        shoal.shared = [shoal.event("shared", 30, index=i) for i in range(len(paths))]
        return shoal

    def entered(self):
        return entered(self.space)


@contextlib.contextmanager
def entered(space):
    """This thread, and those it starts, live in a namespace meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/task/%d/ns/net" % threading.get_native_id()) as home, open(f"/run/netns/{space}") as there:
        if libc.setns(there.fileno(), _NEWNET) != 0:
            raise Skipped(f"cannot enter a network namespace: {os.strerror(ctypes.get_errno())}")
        try:
            yield
        finally:
            libc.setns(home.fileno(), _NEWNET)
