"""Peers that flood, stall and lie, seen from outside: what each does, and that others get everything all the same."""

import os
import resource
import socket
import struct
import threading
import time

from harness import KIB, MB, MIB, expect, expect_same_file, from_peer, write
from raw_peer import EXTENDED, FAST, PROTOCOL, RawPeer


def _shared(check, megabytes=8):
    source = write(check.path("in", "wanted.bin"), megabytes * MB)
    return source, check.share(source)


def _is_got(check, share, source, name="out"):
    got = check.get(share.link, check.folder(name), "--timeout", "20", seconds=30)
    expect_same_file(source, check.path(name, "wanted.bin"))
    return got


def _resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def connections_by_the_thousand_from_one_address_keep_nobody_out(check):
    source, share = _shared(check)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    address = check.address()
    for _ in range(1000):
        RawPeer(check, share.tcp, address=address)

    got = _is_got(check, share, source)

    check.note(f"1,000 half-open connections; got in {got.done['seconds']:.2f} s")
    expect(got.done["seconds"] < 5, f"{got.done}")


def whoever_says_nothing_is_dropped(check):
    _, share = _shared(check)
    silent, slow = RawPeer(check, share.tcp), RawPeer(check, share.tcp)
    slow.socket.sendall(PROTOCOL[:10])

    expect(silent.is_closed(15), "a connection that says nothing stays")
    expect(slow.is_closed(5), "a handshake that does not go on stays")


def requests_by_the_thousand_end_the_connection(check):
    source, share = _shared(check)
    before = _resident(share.pid)
    peers = [RawPeer(check, share.tcp, share.infohash, peer_id=b"-XX0000-hostile-%04d" % i) for i in range(8)]
    for peer in peers:
        peer.send(15)  # have none
        peer.send(2)
    time.sleep(0.5)

    def flood(peer):
        request = struct.pack(">IBIII", 13, 6, 0, 0, 16 * KIB)
        try:
            for _ in range(200):
                peer.socket.sendall(request * 1000)  # and never reads
        except OSError:
            pass

    threads = [threading.Thread(target=flood, args=(peer,), daemon=True) for peer in peers]
    for thread in threads:
        thread.start()
    _is_got(check, share, source)
    for thread in threads:
        thread.join(20)
    expect(not any(thread.is_alive() for thread in threads), "somebody still takes requests without end")
    grown = (_resident(share.pid) - before) / MIB
    check.note(f"8 x 200,000 requests; {grown:.0f} MiB more resident")
    expect(grown < 100, f"{grown:.0f} MiB more resident")


def messages_longer_than_they_may_be_end_the_connection(check):
    _, share = _shared(check)
    for what, prefix in [("4 GiB", b"\xff\xff\xff\xff"), ("2 MiB", struct.pack(">I", 2 << 20))]:
        peer = RawPeer(check, share.tcp, share.infohash)
        peer.socket.sendall(prefix + b"\x05")
        expect(peer.is_closed(5), f"a message of {what} is waited for")


def a_bitfield_of_the_wrong_size_ends_the_connection_and_unknown_messages_do_not(check):
    source, share = _shared(check)
    wrong = RawPeer(check, share.tcp, share.infohash)
    wrong.send(5, b"\xff" * 1000)
    expect(wrong.is_closed(5), "a bitfield of 8,000 pieces was taken")

    odd = RawPeer(check, share.tcp, share.infohash)
    odd.send(15)
    for kind in (10, 11, 12, 40, 99, 255):
        odd.send(kind, os.urandom(50))
    odd.send(20, bytes([77]) + os.urandom(50))  # an extension that nobody has
    odd.send(13, struct.pack(">I", 1 << 31))  # suggests a piece that there is not
    odd.send(2)
    odd.socket.settimeout(10)
    while True:
        length = struct.unpack(">I", odd.read(4))[0]
        if length and odd.read(length)[0] == 1:
            break  # it is unchoked, so it was not closed
    _is_got(check, share, source)


def metadata_that_is_said_to_be_huge_is_not_believed(check):
    """A peer offers an info dictionary of 2 GiB, and nothing of it; a get by link asks an honest one as well."""
    source, share = _shared(check)
    liar = socket.socket()
    liar.bind((check.address(), check.port()))
    liar.listen()
    check.on_close(liar.close)

    def serve():
        while True:
            try:
                peer, _ = liar.accept()
            except OSError:
                return
            try:
                theirs = peer.recv(68)
                peer.sendall(theirs[:48] + b"-XX0000-liar-0000001")
                body = b"\x00d1:md11:ut_metadatai3ee13:metadata_sizei2147483647ee"
                peer.sendall(struct.pack(">IB", 1 + len(body), 20) + body + struct.pack(">IB", 1, 14))
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    endpoint = "%s:%d" % liar.getsockname()

    got = check.run("get", share.infohash, "-o", check.folder("out"), "--peer", endpoint, "--timeout", "20")
    time.sleep(1)
    resident = _resident(got.pid) / MIB
    got.kill()
    check.get(share.infohash, check.folder("out"), "--peer", endpoint, "--peer", share.tcp, "--timeout", "20")

    expect_same_file(source, check.path("out", "wanted.bin"))
    check.note(f"{resident:.0f} MiB resident")
    expect(resident < 150, f"{resident:.0f} MiB resident for what was only said")


def a_peer_that_drips_holds_nothing_up(check):
    """It answers with half a block, then a byte a second."""
    source, share = _shared(check, 20)
    dripper = socket.socket()
    dripper.bind((check.address(), check.port()))
    dripper.listen()
    check.on_close(dripper.close)

    def serve():
        while True:
            try:
                peer, _ = dripper.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(peer,), daemon=True).start()

    def drip(peer):
        try:
            theirs = peer.recv(68)
            peer.sendall(theirs[:20] + struct.pack(">Q", EXTENDED | FAST) + theirs[28:48] + b"-XX0000-dripper-0001")
            peer.sendall(struct.pack(">IB", 1, 14) + struct.pack(">IB", 1, 1))  # has all, unchokes
            data = b""
            while b"\x00\x00\x00\x0d\x06" not in data:
                data += peer.recv(1 << 16)
            at = data.index(b"\x00\x00\x00\x0d\x06")
            piece, begin, length = struct.unpack(">III", data[at + 5:at + 17])
            peer.sendall(struct.pack(">IBII", 9 + length, 7, piece, begin) + bytes(length // 2))
            while True:
                time.sleep(1)
                peer.sendall(b"\x00")
        except (OSError, struct.error):
            pass

    threading.Thread(target=serve, daemon=True).start()

    got = check.get(share.link, check.folder("out"), "--peer", "%s:%d" % dripper.getsockname(), "--timeout", "30")

    expect_same_file(source, check.path("out", "wanted.bin"))
    check.note(f"{got.done['seconds']:.1f} s")
    expect(from_peer(got.done, share.tcp) == 20 * MB, f"{got.done['peers']}")
    expect(got.done["seconds"] < 12, f"{got.done['seconds']} s: it was waited for")
