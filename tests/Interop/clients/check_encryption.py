"""Streams under MSE: with libtorrent in both roles and every mood, with aria2, and what is refused when encryption is required."""

import os
import shutil
import socket
import subprocess

import libtorrent_peer as client
from harness import MB, MIB, KIB, Skipped, expect, expect_same_file, from_peer, write

PLAIN_HANDSHAKE = b"\x13BitTorrent protocol"


def _peer_flags(peer):
    """What libtorrent says of its connections whose handshakes are done: under RC4, in plaintext after the handshake, or plain."""
    info = client.lt.peer_info
    flags = [p.flags for p in peer.torrent.get_peer_info() if not p.flags & (info.connecting | info.handshake)]
    return {"rc4" if f & info.rc4_encrypted else "plaintext" if f & info.plaintext_encrypted else "plain" for f in flags}


def _libtorrent_downloads(check, encryption, mode, expected):
    source = write(check.path("in", "hidden.bin"), 3 * MIB + 5)
    share = check.share(source, args=["--encryption", mode, "--upload-limit", "3MB"])  # slow enough to be watched
    out = check.path("downloaded", mode)

    peer = client.Peer(check, encryption=encryption).download(share.link, out)
    seen = set()

    def done():
        seen.update(_peer_flags(peer))
        return peer._status().is_seeding

    check.until(30, f"libtorrent, {encryption}, has it from a share that says {mode}", done)

    expect_same_file(source, os.path.join(out, "hidden.bin"))
    expect(seen == expected, f"{encryption} and {mode}: {seen}, not {expected}")
    share.stop()


def _libtorrent_seeds(check, encryption, mode):
    source = write(check.path("in", "hidden.bin"), 3 * MIB + 5)
    _, link = client.make_torrent(source, check.path("hidden.torrent"))
    seed = client.Peer(check, encryption=encryption).seed(check.path("hidden.torrent"), check.path("in"))
    out = check.folder("fetched", mode)

    got = check.get(link, out, "--peer", seed.endpoint, "--encryption", mode)

    expect_same_file(source, os.path.join(out, "hidden.bin"))
    expect(from_peer(got.done, seed.endpoint) == got.done["bytes"], f"peers: {got.done['peers']}")
    seed.close()


def libtorrent_that_requires_encryption_downloads_from_a_share(check):
    check.note(client.needed())
    for mode in ("allow", "prefer", "require"):
        _libtorrent_downloads(check, "forced", mode, {"rc4"})


def libtorrent_that_requires_encryption_seeds_to_a_get(check):
    check.note(client.needed())
    for mode in ("allow", "prefer", "require"):
        _libtorrent_seeds(check, "forced", mode)


def libtorrent_with_encryption_of_the_handshake_alone_trades_with_us(check):
    check.note(client.needed())
    _libtorrent_downloads(check, "forced, plaintext after the handshake", "allow", {"plaintext"})
    _libtorrent_seeds(check, "forced, plaintext after the handshake", "allow")


def libtorrent_as_shipped_trades_with_us_in_every_encryption_mode(check):
    check.note(client.needed())
    for mode in ("allow", "prefer", "require", "off"):
        _libtorrent_seeds(check, "as shipped", mode)
    for mode, expected in (("require", {"rc4"}), ("off", {"plain"})):
        _libtorrent_downloads(check, "as shipped", mode, expected)


libtorrent_as_shipped_trades_with_us_in_every_encryption_mode.seconds = 120


def libtorrent_without_encryption_seeds_to_a_get_that_prefers_it(check):
    check.note(client.needed())
    _libtorrent_seeds(check, "off", "prefer")


def plain_connections_are_refused_where_encryption_is_required(check):
    source = write(check.path("in", "hidden.bin"), MIB)
    share = check.share(source, args=["--encryption", "require"])
    host, _, port = share.tcp.rpartition(":")

    with socket.create_connection((host, int(port)), 5) as plain:
        plain.sendall(PLAIN_HANDSHAKE + bytes(8) + bytes.fromhex(share.infohash)[:20] + b"-XX0000-............")
        plain.settimeout(5)
        try:
            answer = plain.recv(100)
        except ConnectionResetError:
            answer = b""
    expect(answer == b"", f"a plain handshake was answered: {answer}")

    check.get(share.infohash, check.folder("plain"), "--peer", share.tcp, "--encryption", "off", "--timeout", "3", code=3, seconds=20)
    check.get(share.infohash, check.folder("hidden"), "--peer", share.tcp, seconds=20)
    expect_same_file(source, check.path("hidden", "hidden.bin"))


def a_get_that_requires_encryption_takes_nothing_from_a_plain_seed(check):
    check.note(client.needed())
    source = write(check.path("in", "hidden.bin"), MIB)
    _, link = client.make_torrent(source, check.path("hidden.torrent"))
    seed = client.Peer(check).seed(check.path("hidden.torrent"), check.path("in"))

    check.get(link, check.folder("out"), "--peer", seed.endpoint, "--encryption", "require", "--timeout", "3", code=3, seconds=20)


def nothing_that_names_the_protocol_passes_where_encryption_is_required(check):
    source = write(check.path("in", "hidden.bin"), MB)
    share = check.share(source, args=["--encryption", "require"])
    listener = socket.create_server((check.address(), check.port()))
    check.on_close(listener.close)
    host, port = listener.getsockname()
    check.run("get", share.infohash, "-o", check.folder("out"), "--peer", f"{host}:{port}", "--encryption", "require")

    listener.settimeout(20)
    connection, _ = listener.accept()
    connection.settimeout(2)
    heard = b""
    try:
        while part := connection.recv(4096):
            heard += part
    except socket.timeout:
        pass
    connection.close()

    expect(96 <= len(heard) <= 96 + 512, f"{len(heard)} bytes before anybody answered")
    expect(b"BitTorrent" not in heard and bytes.fromhex(share.infohash)[:20] not in heard, "it says what it is")


def aria2_that_requires_encryption_seeds_to_a_get(check):
    check.note(client.needed())
    if shutil.which("aria2c") is None:
        raise Skipped("no aria2c; Debian: apt install aria2")
    source = write(check.path("in", "old.bin"), 300 * KIB)
    storage = client.lt.file_storage()
    client.lt.add_files(storage, source)
    creator = client.lt.create_torrent(storage, 16 * KIB, client.lt.create_torrent.v1_only)
    client.lt.set_piece_hashes(creator, os.path.dirname(source))
    torrent = check.path("old.torrent")
    with open(torrent, "wb") as file:
        file.write(client.lt.bencode(creator.generate()))
    address, port = check.address(), check.port()
    aria2 = subprocess.Popen([
        "aria2c", "--no-conf", "--enable-dht=false", f"--listen-port={port}", f"--interface={address}", "--bt-enable-lpd=false", "--enable-peer-exchange=false",
        "--bt-require-crypto=true", "--bt-min-crypto-level=arc4", "--seed-ratio=0", "--check-integrity=true", f"--dir={check.path('in')}", "--quiet", torrent],
        cwd=check.root, env=check.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    check.on_close(lambda: (aria2.terminate(), aria2.wait(10)))

    for mode in ("allow", "require"):
        got = check.run("get", torrent, "-o", check.folder("out", mode), "--peer", f"{address}:{port}", "--encryption", mode)
        if got.process.wait(check.remaining(30)) == 1 and got.error["code"] == "unsupported":
            raise Skipped("aria2 knows torrents of v1 alone, and this program does not fetch those")
        got.ends()
        expect_same_file(source, check.path("out", mode, "old.bin"))
