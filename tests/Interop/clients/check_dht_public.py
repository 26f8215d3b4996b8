"""Who is contacted with --public, and who is not without it. All in a network namespace that leads nowhere, with stand-ins for the routers."""

import contextlib
import socket
import subprocess
import threading
import time

import libtorrent_peer as client
from harness import KB, MIB, expect, write
from lan import Lan

try:
    import libtorrent as lt
except ImportError:
    lt = None

_ARP, _IPV4, _IPV6 = 0x0806, 0x0800, 0x86DD
_ICMPV6, _HOP_BY_HOP = 58, 0
_ALL_FRAMES = 0x0003


def _good(check, node):
    return sum(n["good"] for n in check.plain("dht", "--store", node.store).ends(0, 20).event("dht")["nodes"])


class _Ear:
    """An address where somebody might be contacted, and what arrives there."""

    def __init__(self, check, apart):
        with apart.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = check.address()
        self._socket.bind((self.address, 0))
        self._socket.setblocking(False)
        check.on_close(self._socket.close)

    @property
    def port(self):
        return self._socket.getsockname()[1]

    @property
    def endpoint(self):
        return f"{self.address}:{self.port}"

    def heard(self):
        try:
            return bool(self._socket.recv(2048))
        except BlockingIOError:
            return False


def the_public_dht_is_joined_through_routers_when_asked(check):
    apart = Lan(check, hosts=1).hosts[0]
    router = check.run("node", under=apart.under).listening()
    dead = f"{check.address()}:9"

    joined = check.run("node", "--public", "--router", dead, "--router", router.udp, under=apart.under).listening()

    check.until(10, "it has joined through the router that lives", lambda: _good(check, joined) >= 1)
    refused = check.run("node", "--router", router.udp, under=apart.under).ends(2, 10)
    expect("--public" in refused.error["message"], f"a router without --public: {refused.said}")


def what_was_learnt_in_public_is_kept_apart(check):
    apart = Lan(check, hosts=1).hosts[0]
    router = check.run("node", under=apart.under).listening()
    joined = check.run("node", "--public", "--router", router.udp, under=apart.under).listening()
    check.until(10, "it has joined", lambda: _good(check, joined) >= 1)
    joined.stop()
    router.kill()
    other = _Ear(check, apart)
    wire = _frames(check, apart, "lo")

    private = check.run("node", store=joined.store, address=joined.address, under=apart.under).listening()
    time.sleep(2)
    expect(not _to(wire, router.udp), "without --public nobody is contacted who was learnt in public")
    private.stop()
    check.run("node", "--public", "--router", other.endpoint, store=joined.store, address=joined.address, under=apart.under).listening()
    check.until(5, "with --public again the one that was learnt is contacted", lambda: _to(wire, router.udp))


def what_a_torrent_names_is_contacted_in_public_alone(check):
    check.note(client.needed())
    apart = Lan(check, hosts=1).hosts[0]
    named, router = _Ear(check, apart), _Ear(check, apart)
    source = write(check.path("in", "named.bin"), 1 * MIB)
    client.make_torrent(source, check.path("named.torrent"))
    with open(check.path("named.torrent"), "rb") as file:
        decoded = lt.bdecode(file.read())
    decoded[b"nodes"] = [[named.address.encode(), named.port]]
    with open(check.path("named.torrent"), "wb") as file:
        file.write(lt.bencode(decoded))

    check.run("get", check.path("named.torrent"), "-o", check.folder("out"), "--timeout", "2", under=apart.under).ends(3, 20)
    expect(not named.heard(), "without --public nobody is contacted whom the user did not name")
    check.run("get", check.path("named.torrent"), "-o", check.folder("out"), "--timeout", "2", "--public", "--router", router.endpoint, under=apart.under).ends(3, 20)
    expect(named.heard(), "with --public the nodes of a torrent are")
    expect(router.heard(), "and the router is")


def where_a_strange_peer_says_its_node_is_is_contacted_in_public_alone(check):
    apart = Lan(check, hosts=1).hosts[0]
    source = write(check.path("in", "f"), 300 * KB)
    router = _Ear(check, apart)

    private = check.share(source, under=apart.under)
    told = _tell_port(check, apart, private)
    time.sleep(1.5)
    expect(not told.heard(), "without --public a peer that nobody named is not believed")
    private.stop()
    public = check.share(source, args=["--public", "--router", router.endpoint], under=apart.under)
    told = _tell_port(check, apart, public)
    check.until(5, "with --public it is", told.heard)


def _tell_port(check, apart, share):
    """A peer that connects and says where its DHT node is (BEP 5, PORT); what arrives there."""
    ear = _Ear(check, apart)
    with apart.entered():
        peer = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    check.on_close(peer.close)
    peer.settimeout(5)
    peer.bind((ear.address, 0))
    host, _, port = share.tcp.rpartition(":")
    peer.connect((host, int(port)))
    peer.sendall(b"\x13BitTorrent protocol" + bytes(7) + b"\x01" + bytes.fromhex(share.infohash[:40]) + b"-XX0000-" + bytes(12))
    expect(len(peer.recv(68, socket.MSG_WAITALL)) == 68, "no handshake")
    peer.sendall((3).to_bytes(4, "big") + b"\x09" + ear.port.to_bytes(2, "big"))
    return ear


def who_was_told_of_nobody_sends_nothing(check):
    apart = Lan(check, hosts=1).hosts[0]
    done = subprocess.run(["ip", "-n", apart.space, "route", "add", "default", "dev", "eth0"], capture_output=True, text=True)  # to a bridge that leads nowhere
    expect(done.returncode == 0, done.stderr)
    frames = _frames(check, apart, "eth0")
    source = write(check.path("in", "f"), 300 * KB)

    share = apart.run("share", source, "--no-lan").listening()
    found = apart.run("find", "ab" * 32, "--no-lan", "--timeout", "3").ends(3, 20)

    expect(found.error and share.process.poll() is None, "the share ended")
    expect(not [f for f in frames if _says_something(f)], f"sent although nobody was named: {[f.hex() for f in frames if _says_something(f)][:2]}")
    with apart.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        control.sendto(b"x", ("10.77.0.9", 9))
    check.until(5, "what is sent is seen", lambda: [f for f in frames if _says_something(f)])


def _frames(check, apart, device):
    """Every frame on a device from now on."""
    with apart.entered():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_FRAMES))
    wire.bind((device, _ALL_FRAMES))
    check.on_close(wire.close)
    wire.settimeout(0.2)
    frames = []

    def listen():
        while wire.fileno() >= 0:
            with contextlib.suppress(OSError):  # nothing came, or it was closed
                frames.append(wire.recv(2048))

    threading.Thread(target=listen, daemon=True).start()
    return frames


def _says_something(frame):
    """Whether it is more than the kernel's own talk of IPv6 (neighbours and groups)."""
    kind = int.from_bytes(frame[12:14], "big")
    return kind in (_ARP, _IPV4) or (kind == _IPV6 and frame[20] not in (_ICMPV6, _HOP_BY_HOP))


def _to(frames, endpoint):
    host, _, port = endpoint.rpartition(":")
    return [f for f in frames if f[12:14] == _IPV4.to_bytes(2, "big") and f[30:34] == socket.inet_aton(host) and f[36:38] == int(port).to_bytes(2, "big")]
