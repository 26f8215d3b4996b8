"""Peers tell of peers (BEP 11): who knows one address finds the rest."""

import libtorrent_peer as client
from harness import MB, expect, expect_same_file, from_peer, write


def a_get_that_knows_one_address_finds_the_rest_by_pex(check):
    source = write(check.path("in", "crowd.bin"), 12 * MB)
    quiet = ["--announce", "none"]  # or the DHT would say it first
    far = check.share(source, args=quiet)
    near = check.run("get", far.infohash, "-o", check.folder("near"), "--seed", "--peer", far.tcp, "--download-limit", "300KB", "--upload-limit", "100KB", *quiet)
    near.event("progress", where=lambda p: p["bytes"] > 0)

    got = check.get(far.infohash, check.folder("out"), "--peer", near.tcp, *quiet)

    expect_same_file(source, check.path("out", "crowd.bin"))
    expect(from_peer(got.done, far.tcp) > 6 * MB, f"from whom it was not told of: {got.done['peers']}")
    check.note(f"{from_peer(got.done, far.tcp)} bytes from a peer that was told of, {got.done['seconds']} s")


def libtorrent_tells_a_get_of_others(check):
    check.note(client.needed())
    source = write(check.path("in", "told.bin"), 12 * MB)
    torrent = check.path("told.torrent")
    share = check.share(source, args=["--write-torrent", torrent])
    between = client.Peer(check)
    between.download(torrent, check.path("between"), peer=share.tcp)
    between.torrent.set_download_limit(200_000)
    between.torrent.set_upload_limit(50_000)
    check.until(20, "libtorrent has a peer", lambda: between.torrent.status().num_peers > 0)

    got = check.get(torrent, check.folder("out"), "--peer", between.endpoint)

    expect_same_file(source, check.path("out", "told.bin"))
    expect(from_peer(got.done, share.tcp) > 6 * MB, f"from whom libtorrent told of: {got.done['peers']}")


def a_get_tells_libtorrent_of_others(check):
    check.note(client.needed())
    source = write(check.path("in", "tell.bin"), 12 * MB)
    torrent = check.path("tell.torrent")
    share = check.share(source, args=["--write-torrent", torrent])
    between = check.run("get", torrent, "-o", check.folder("between"), "--seed", "--peer", share.tcp, "--download-limit", "200KB", "--upload-limit", "50KB")
    between.event("progress", where=lambda p: p["bytes"] > 0)

    last = client.Peer(check).download(torrent, check.path("out"), peer=between.tcp)
    check.until(20, "libtorrent is connected to whom it was told of", lambda: share.address in [peer.ip[0] for peer in last.torrent.get_peer_info()])
    last.finishes()

    expect_same_file(source, check.path("out", "tell.bin"))


def a_private_torrent_tells_nothing(check):
    source = write(check.path("in", "secret.bin"), 2 * MB)
    torrent = check.path("secret.torrent")
    far = check.share(source, args=["--private", "--write-torrent", torrent])
    near = check.run("get", torrent, "-o", check.folder("near"), "--seed", "--peer", far.tcp, "--download-limit", "150KB", "--upload-limit", "60KB")
    near.event("progress", where=lambda p: p["bytes"] > 0)

    got = check.run("get", torrent, "-o", check.folder("out"), "--peer", near.tcp)
    got.event("progress", where=lambda p: p["bytes"] > 600_000, seconds=40)

    # It has had the time in which a public torrent tells.
    expect(got.all("progress")[-1]["peers"] == 1, f"peers: {got.all('progress')[-1]}")
