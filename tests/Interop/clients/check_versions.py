"""Torrents of v1 and hybrids, by link and by .torrent, both ways, with libtorrent and aria2."""

import os

import aria2_peer as aria2
import libtorrent_peer as client
from harness import MB, MIB, expect, expect_same_file, expect_same_tree, from_peer, write
from tracker import Tracker


def _folder(check):
    """Files that share pieces when they lie one behind the other, one of them empty."""
    for i, length in enumerate([3 * MIB + 5, 0, 1, 100000, 2 * MIB, 7]):
        write(check.path("in", "mixed", f"sub {i % 2}", f"file {i}"), length)
    return check.path("in", "mixed")


def _seeded_to_get(check, version, by_link):
    check.note(client.needed())
    link = client.make_torrent(_folder(check), check.path("mixed.torrent"), piece_length=64 * 1024, version=version)[1]
    seed = client.Peer(check).seed(check.path("mixed.torrent"), check.path("in"))

    got = check.get(link if by_link else check.path("mixed.torrent"), check.folder("out"), "--peer", seed.endpoint)

    expect_same_tree(check.path("in"), check.path("out"))
    expect(from_peer(got.done, seed.endpoint) == got.done["bytes"], f"peers: {got.done['peers']}")
    return got


def libtorrent_seeds_a_v1_torrent_to_get_by_link(check):
    got = _seeded_to_get(check, "v1", by_link=True)
    metadata = got.event("metadata")
    expect(metadata["infohash"] is None and len(metadata["infohashV1"]) == 40, f"{metadata}")


def libtorrent_seeds_a_v1_torrent_to_get_by_torrent_file(check):
    _seeded_to_get(check, "v1", by_link=False)


def libtorrent_seeds_a_hybrid_to_get_by_link(check):
    metadata = _seeded_to_get(check, "hybrid", by_link=True).event("metadata")
    expect(len(metadata["infohash"]) == 64 and len(metadata["infohashV1"]) == 40, f"{metadata}")


def libtorrent_seeds_a_hybrid_to_get_by_its_v1_name_alone(check):
    check.note(client.needed())
    client.make_torrent(_folder(check), check.path("mixed.torrent"), piece_length=64 * 1024, version="hybrid")
    seed = client.Peer(check).seed(check.path("mixed.torrent"), check.path("in"))
    v1 = str(client.lt.torrent_info(check.path("mixed.torrent")).info_hashes().v1)

    got = check.get(v1, check.folder("out"), "--peer", seed.endpoint)

    expect_same_tree(check.path("in"), check.path("out"))
    expect(len(got.event("metadata")["infohash"]) == 64, f"{got.event('metadata')}")


def _downloaded_from_share(check, cut):
    check.note(client.needed())
    torrent = check.path("mixed.torrent")
    share = check.share(_folder(check), args=["--hybrid", "--write-torrent", torrent])
    info = client.lt.torrent_info(torrent)
    expect(info.info_hashes().has_v1() and info.info_hashes().has_v2(), "no hybrid")
    expect(share.shared[0]["infohashV1"] == str(info.info_hashes().v1), f"{share.shared}")

    client.Peer(check).download(cut(share.link, torrent), check.path("out"), peer=share.tcp).finishes()

    expect_same_tree(check.path("in"), check.path("out"))


def libtorrent_downloads_a_hybrid_share_by_link(check):
    _downloaded_from_share(check, lambda link, torrent: link)


def libtorrent_downloads_a_hybrid_share_by_torrent_file(check):
    _downloaded_from_share(check, lambda link, torrent: torrent)


def libtorrent_downloads_a_hybrid_share_by_its_v1_name_alone(check):
    def v1_alone(link, torrent):
        return f"magnet:?xt=urn:btih:{client.lt.torrent_info(torrent).info_hashes().v1}"

    _downloaded_from_share(check, v1_alone)


def libtorrent_downloads_a_v1_torrent_from_a_get_that_seeds(check):
    check.note(client.needed())
    client.make_torrent(_folder(check), check.path("mixed.torrent"), piece_length=64 * 1024, version="v1")
    seed = client.Peer(check).seed(check.path("mixed.torrent"), check.path("in"))
    middle = check.run("get", check.path("mixed.torrent"), "-o", check.folder("middle"), "--peer", seed.endpoint, "--seed")
    middle.event("done", 30)
    seed.close()

    client.Peer(check).download(check.path("mixed.torrent"), check.path("out"), peer=middle.tcp).finishes()

    expect_same_tree(check.path("in"), check.path("out"))


def aria2_seeds_a_v1_torrent_to_get(check):
    source, torrent, seed = _seeded_by_aria2(check)

    got = check.get(torrent, check.folder("out"), "--peer", seed.endpoint)

    expect_same_file(source, check.path("out", "one.bin"))
    expect(from_peer(got.done, seed.endpoint) == got.done["bytes"], f"peers: {got.done['peers']}")


def aria2_downloads_a_v1_torrent_from_a_get_that_seeds(check):
    source, torrent, seed = _seeded_by_aria2(check)
    tracker = Tracker()
    check.on_close(tracker.close)
    middle = check.run("get", torrent, "-o", check.folder("middle"), "--peer", seed.endpoint, "--seed", "--tracker", tracker.http)
    middle.event("done", 30)
    check.until(10, "the get is announced", lambda: tracker.announces(address=middle.address))

    aria2.Peer(check).download(torrent, check.folder("out"), f"--bt-tracker={tracker.http}").finishes()

    expect_same_file(source, check.path("out", "one.bin"))


def _seeded_by_aria2(check):
    """Of v1: aria2 1.36 leaves the empty keys of a file tree out when it hashes, and so gives every hybrid a name that nobody else knows."""
    check.note(aria2.needed())
    check.note(client.needed())
    source = write(check.path("in", "one.bin"), 5 * MIB + 77)
    torrent = check.path("one.torrent")
    client.make_torrent(source, torrent, piece_length=256 * 1024, version="v1")
    return source, torrent, aria2.Peer(check).seed(torrent, check.path("in"))


def a_v1_get_survives_kill_minus_nine(check):
    check.note(client.needed())
    source = write(check.path("in", "mixed", "a"), 20 * MB)
    for i in range(50):
        write(check.path("in", "mixed", "b", str(i)), 10000 + i)
    client.make_torrent(os.path.dirname(source), check.path("mixed.torrent"), piece_length=64 * 1024, version="v1")
    seed = client.Peer(check).seed(check.path("mixed.torrent"), check.path("in"), upload_limit=10 * MB)
    store, out = check.path("store"), check.folder("out")
    first = check.run("get", check.path("mixed.torrent"), "-o", out, "--peer", seed.endpoint, store=store)
    check.until(30, "a quarter is here", lambda: any(e["bytes"] > 5 * MB for e in first.all("progress")))
    first.process.kill()
    first.process.wait()

    got = check.get(check.path("mixed.torrent"), out, "--peer", seed.endpoint, store=store)

    expect_same_tree(check.path("in"), check.path("out"))
    expect(got.done["reused"] > 4 * MB, f"{got.done}")
