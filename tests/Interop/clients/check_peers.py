"""libtorrent as a peer like any other, and peers that are worth nothing."""

import os
import socket
import threading

import libtorrent_peer as client
from harness import MB, MIB, expect, expect_no_leftovers, expect_same_file, expect_same_tree, fetched, from_peer, write


def _folder(check):
    for i, length in enumerate([3 * MIB + 5, 0, 1, 100000, 2 * MIB]):
        write(check.path("in", "mixed", f"sub {i % 2}", f"file {i}"), length)
    return check.path("in", "mixed")


def libtorrent_downloads_from_share_by_link(check):
    check.note(client.needed())
    share = check.share(_folder(check))

    client.Peer(check).download(share.link, check.path("out")).finishes()

    expect_same_tree(check.path("in"), check.path("out"))


def libtorrent_downloads_from_share_by_torrent_file(check):
    check.note(client.needed())
    torrent = check.path("mixed.torrent")
    share = check.share(_folder(check), args=["--write-torrent", torrent])
    hashes = client.lt.torrent_info(torrent).info_hashes()
    expect(str(hashes.v2) == share.infohash and not hashes.has_v1(), "not the v2-only torrent that was shared")

    client.Peer(check).download(torrent, check.path("out"), peer=share.tcp).finishes()

    expect_same_tree(check.path("in"), check.path("out"))


def libtorrent_downloads_a_single_file_of_many_pieces(check):
    check.note(client.needed())
    source = write(check.path("in", "single.bin"), 20 * MIB + 77)
    share = check.share(source)

    client.Peer(check).download(share.link, check.path("out")).finishes()

    expect_same_file(source, check.path("out", "single.bin"))


def libtorrent_seeds_to_get_by_link(check):
    check.note(client.needed())
    folder = _folder(check)
    infohash, link = client.make_torrent(folder, check.path("mixed.torrent"))
    seed = client.Peer(check).seed(check.path("mixed.torrent"), check.path("in"))

    got = check.get(link, check.folder("out"), "--peer", seed.endpoint)

    expect_same_tree(check.path("in"), check.path("out"))
    done = got.done
    expect(from_peer(done, seed.endpoint) == done["bytes"], f"peers: {done['peers']}")
    expect("libtorrent" in done["peers"][0]["client"].lower(), f"client: {done['peers'][0]['client']}")
    expect(got.event("metadata")["id"] == infohash, "other infohash")


def libtorrent_seeds_to_get_by_torrent_file(check):
    check.note(client.needed())
    folder = _folder(check)
    client.make_torrent(folder, check.path("mixed.torrent"), piece_length=64 * 1024)
    seed = client.Peer(check).seed(check.path("mixed.torrent"), check.path("in"))

    got = check.get(check.path("mixed.torrent"), check.folder("out"), "--peer", seed.endpoint)

    expect_same_tree(check.path("in"), check.path("out"))
    expect(from_peer(got.done, seed.endpoint) == got.done["bytes"], f"peers: {got.done['peers']}")


def a_get_draws_on_two_shoals_and_libtorrent_at_once(check):
    check.note(client.needed())
    source = write(check.path("in", "wide.bin"), 24 * MB)
    torrent = check.path("wide.torrent")
    first = check.share(source, args=["--write-torrent", torrent, "--upload-limit", "4MB"])
    second = check.share(source, args=["--upload-limit", "4MB"])
    expect(first.infohash == second.infohash, "the same file has two infohashes")
    third = client.Peer(check).seed(torrent, check.path("in"), upload_limit=4 * MB)

    got = check.get(first.infohash, check.folder("out"), *[a for peer in (first.tcp, second.tcp, third.endpoint) for a in ("--peer", peer)])

    expect_same_file(source, check.path("out", "wide.bin"))
    done = got.done
    shares = [from_peer(done, peer) for peer in (first.tcp, second.tcp, third.endpoint)]
    expect(min(shares) >= 2 * MB, f"bytes of each: {shares}")
    check.note(f"bytes of each: {shares}, {done['transferSeconds']} s")


def libtorrent_downloads_from_a_get_that_is_not_done(check):
    check.note(client.needed())
    source = write(check.path("in", "relay.bin"), 12 * MB)
    share = check.share(source, args=["--upload-limit", "3MB"])
    relay = check.run("get", share.link, "-o", check.folder("out"), "--seed")
    relay.event("progress", where=lambda p: p["bytes"] > MB)

    last = client.Peer(check).download(f"magnet:?xt=urn:btmh:1220{share.infohash}", check.path("last"), peer=relay.tcp)
    relay_had = relay.all("progress")[-1]["bytes"]
    check.until(20, "a piece from the unfinished get", lambda: last.torrent.status().total_payload_download > 0)
    early = not relay.all("done")
    last.finishes()

    expect(early, f"nothing came before the get was done (it had {relay_had} when asked)")
    expect_same_file(source, check.path("last", "relay.bin"))


def two_gets_trade_with_each_other(check):
    source = write(check.path("in", "trade.bin"), 20 * MB)
    share = check.share(source, args=["--upload-limit", "4MB"])
    ports = [check.port(), check.port()]
    hosts = [check.address(), check.address()]
    gets = [check.run("get", share.infohash, "-o", check.folder(f"out{i}"), "--seed", "--peer", share.tcp,
                      "--peer", f"{hosts[1 - i]}:{ports[1 - i]}", address=hosts[i], port=ports[i]) for i in (0, 1)]

    done = [got.event("done", 40) for got in gets]

    for i in (0, 1):
        expect_same_file(source, check.path(f"out{i}", "trade.bin"))
    traded = [fetched(d) - from_peer(d, share.tcp) for d in done]
    expect(sum(traded) > 5 * MB, f"bytes from each other: {traded}")
    check.note(f"bytes from each other: {traded}, {max(d['transferSeconds'] for d in done)} s for both")


def gets_that_know_only_a_link_find_each_other(check):
    source = write(check.path("in", "crowd.bin"), 12 * MB)
    share = check.share(source, args=["--upload-limit", "4MB"])
    gets = [check.run("get", share.link, "-o", check.folder(f"out{i}")) for i in range(3)]

    done = [got.event("done", 40) for got in gets]

    for i in range(3):
        expect_same_file(source, check.path(f"out{i}", "crowd.bin"))
    from_others = sum(p["bytes"] for d in done for p in d["peers"] if p["address"] != share.tcp)
    expect(from_others > 6 * MB, f"only {from_others} bytes came from one another")
    check.note(f"{from_others} of {3 * 12 * MB} bytes from one another")


def a_rotten_seed_is_found_out(check):
    check.note(client.needed())
    folder = check.folder("rotten")
    source = write(check.path("in", "apple.bin"), 8 * MB)
    rotten = write(os.path.join(folder, "apple.bin"), 8 * MB)
    torrent = check.path("apple.torrent")
    share = check.share(source, args=["--write-torrent", torrent, "--upload-limit", "2MB"])
    seed = client.Peer(check).seed(torrent, folder)
    # It has proven what it has, and does not look again.
    with open(rotten, "r+b") as file:
        for at in range(0, 8 * MB, 50000):
            file.seek(at)
            file.write(b"rot")

    got = check.get(share.infohash, check.folder("out"), "--peer", share.tcp, "--peer", seed.endpoint)

    expect_same_file(source, check.path("out", "apple.bin"))
    expect_no_leftovers(check.path("out"))
    check.note(f"credited to it: {from_peer(got.done, seed.endpoint)} bytes")


def peers_of_garbage_and_silence_do_no_harm(check):
    source = write(check.path("in", "good.bin"), 4 * MB)
    share = check.share(source)
    peers = []
    for says in (b"HTTP/1.1 400 Bad Request\r\n\r\n" * 100, b"\x13BitTorrent protocol" + bytes(28), b"", None):
        listener = socket.create_server((check.address(), check.port()))
        check.on_close(listener.close)
        threading.Thread(target=_say, args=(listener, says), daemon=True).start()
        host, port = listener.getsockname()
        peers += ["--peer", f"{host}:{port}"]

    check.get(share.infohash, check.folder("out"), *peers, "--peer", share.tcp, seconds=30)

    expect_same_file(source, check.path("out", "good.bin"))


def _say(listener, says):
    """Answers every connection with these bytes and the end; None: with nothing and no end."""
    held = []
    try:
        while True:
            connection, _ = listener.accept()
            held.append(connection)
            if says is not None:
                connection.sendall(says)
                connection.shutdown(socket.SHUT_WR)
    except OSError:
        pass
