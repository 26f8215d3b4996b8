"""Neighbours find each other with nothing said about where: local discovery, and the DHT through it. Each check has a network of its own."""

import libtorrent_peer as client
from harness import MIB, expect, expect_same_file, write
from lan import Lan


def _shared(check, host, name, *args):
    source = write(check.path("in", name), 1 * MIB)
    return source, host.share(source, args=args)


def a_bare_infohash_is_enough_on_a_local_network(check):
    lan = Lan(check)
    source, share = _shared(check, lan.hosts[0], "near.bin")

    got = lan.hosts[1].run("get", share.infohash, "-o", check.folder("out"), "--timeout", "30").ends(0, 40)

    expect_same_file(source, check.path("out", "near.bin"))
    expect(lan.frames > 0, "found, but nothing was seen of it on the bridge")
    check.note(f"{got.done['seconds']} s")


def ipv6_alone_is_enough_on_a_local_network(check):
    lan = Lan(check, hosts=2, v4=False)
    source, share = _shared(check, lan.hosts[0], "six.bin")

    got = lan.hosts[1].run("get", share.infohash, "-o", check.folder("out"), "--timeout", "30").ends(0, 40)

    expect_same_file(source, check.path("out", "six.bin"))
    check.note(f"{got.done['seconds']} s")


def a_get_that_does_not_listen_finds_it_on_a_local_network(check):
    lan = Lan(check)
    source, share = _shared(check, lan.hosts[0], "quiet.bin")

    got = lan.hosts[1].run("get", share.infohash, "-o", check.folder("out"), "--no-upload", "--timeout", "30").ends(0, 40)

    expect_same_file(source, check.path("out", "quiet.bin"))
    check.note(f"{got.done['seconds']} s")


def find_names_a_neighbour(check):
    lan = Lan(check)
    _, share = _shared(check, lan.hosts[0], "who.bin")

    found = lan.hosts[1].run("find", share.infohash, "--timeout", "30").ends(0, 40)

    peers = [p for p in found.all("peer") if p["via"] == "lan"]
    expect(any(p["address"] == f"{lan.hosts[0].address}:9000" for p in peers), f"found: {found.all('peer')}")
    check.note(f"{peers[0]['ms']} ms")


def strangers_of_the_dht_meet_on_a_local_network(check):
    lan = Lan(check)
    node = lan.hosts[0].run("node").listening()
    # The share knows the node and is known to nobody else: it does not take part in local discovery.
    source, share = _shared(check, lan.hosts[1], "far.bin", "--no-lan", "--bootstrap", f"{lan.hosts[0].address}:8468")
    share.event("announced", 15, where=lambda a: a["id"] == share.infohash and a["nodes"] > 0)

    got = lan.hosts[2].run("get", share.infohash, "-o", check.folder("out"), "--timeout", "30").ends(0, 40)

    expect_same_file(source, check.path("out", "far.bin"))
    expect(node.process.poll() is None, "the node ended")
    check.note(f"{got.done['seconds']} s")


def two_nodes_of_one_machine_find_each_other(check):
    lan = Lan(check, hosts=1)
    source, share = _shared(check, lan.hosts[0], "same.bin")

    got = lan.hosts[0].run("get", share.infohash, "-o", check.folder("out"), "--timeout", "30").ends(0, 40)

    expect_same_file(source, check.path("out", "same.bin"))
    check.note(f"{got.done['seconds']} s")


def nothing_is_sent_to_the_local_network_where_it_should_not_be(check):
    lan = Lan(check)
    _, without = _shared(check, lan.hosts[0], "without.bin", "--no-lan")
    _, loopback = _shared(check, lan.hosts[1], "loopback.bin", "--listen", "127.0.0.2")

    gets = [lan.hosts[2].run("get", share.infohash, "-o", check.folder(f"out{i}"), "--no-lan", "--timeout", "3")
            for i, share in enumerate((without, loopback))]
    for get in gets:
        get.ends(3, 15)

    expect(lan.frames == 0, f"{lan.frames} frames name the groups of local discovery")


def a_private_torrent_is_not_told_to_the_local_network(check):
    lan = Lan(check)
    _, share = _shared(check, lan.hosts[0], "secret.bin", "--private")

    lan.hosts[1].run("get", share.infohash, "-o", check.folder("out"), "--timeout", "3").ends(3, 15)


def libtorrent_finds_a_share_on_a_local_network(check):
    check.note(client.needed())
    lan = Lan(check)
    source, share = _shared(check, lan.hosts[0], "ours.bin")

    with lan.hosts[1].entered():
        peer = client.Peer(check, lsd=True, address=lan.hosts[1].address)
        peer.download(f"magnet:?xt=urn:btmh:1220{share.infohash}", check.path("out")).finishes(20)

    expect_same_file(source, check.path("out", "ours.bin"))


def a_get_finds_libtorrent_on_a_local_network(check):
    check.note(client.needed())
    lan = Lan(check)
    source = write(check.path("in", "theirs.bin"), 1 * MIB)
    infohash, _ = client.make_torrent(source, check.path("theirs.torrent"))

    with lan.hosts[0].entered():
        client.Peer(check, lsd=True, address=lan.hosts[0].address).seed(check.path("theirs.torrent"), check.path("in"))
    got = lan.hosts[1].run("get", infohash, "-o", check.folder("out"), "--timeout", "30").ends(0, 40)

    expect_same_file(source, check.path("out", "theirs.bin"))
    check.note(f"{got.done['seconds']} s")
