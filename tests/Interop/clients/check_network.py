"""Finding without links that hold addresses: the DHT does it."""

import libtorrent_peer as client
from harness import MIB, expect, expect_same_file, write


def _chain(check, length):
    """Nodes that each were told of one other only."""
    nodes = []
    for _ in range(length):
        known = ["--bootstrap", nodes[-1].udp] if nodes else []
        nodes.append(check.run("node", *known).listening())
    return nodes


def a_bare_infohash_and_one_bootstrap_are_enough(check):
    nodes = _chain(check, 6)
    source = write(check.path("in", "found.bin"), 3 * MIB)
    share = check.share(source, args=["--bootstrap", nodes[1].udp])
    share.event("announced", 30, where=lambda a: a["id"] == share.infohash)

    got = check.get(share.infohash, check.folder("out"), "--bootstrap", nodes[5].udp, "--timeout", "30")

    expect_same_file(source, check.path("out", "found.bin"))
    check.note(f"{got.done['seconds']} s in a network of {len(nodes) + 2}")


def the_first_node_of_a_network_can_be_found(check):
    source = write(check.path("in", "alone.bin"), 1 * MIB)
    share = check.share(source)

    got = check.get(share.infohash, check.folder("out"), "--bootstrap", share.udp, "--timeout", "20")

    expect_same_file(source, check.path("out", "alone.bin"))
    check.note(f"{got.done['seconds']} s")


def find_says_who_has_it(check):
    nodes = _chain(check, 3)
    source = write(check.path("in", "who.bin"), 1 * MIB)
    shares = [check.share(source, args=["--bootstrap", nodes[i].udp]) for i in (0, 2)]
    for share in shares:
        share.event("announced", 30, where=lambda a: a["id"] == share.infohash)

    found = check.run("find", shares[0].infohash, "--bootstrap", nodes[1].udp).ends(0, 40)

    peers = {p["address"] for p in found.all("peer")}
    expect(peers >= {share.tcp for share in shares}, f"found: {peers}")


def a_network_outlives_the_node_that_began_it(check):
    nodes = _chain(check, 5)
    source = write(check.path("in", "left.bin"), 1 * MIB)
    share = check.share(source, args=["--bootstrap", nodes[2].udp])
    share.event("announced", 30, where=lambda a: a["id"] == share.infohash)

    nodes[0].kill()
    check.get(share.infohash, check.folder("out"), "--bootstrap", nodes[4].udp, "--timeout", "30")

    expect_same_file(source, check.path("out", "left.bin"))


def libtorrent_finds_a_share_through_our_nodes(check):
    check.note(client.needed())
    nodes = _chain(check, 4)
    source = write(check.path("in", "ours.bin"), 1 * MIB)
    share = check.share(source, args=["--bootstrap", nodes[3].udp])
    share.event("announced", 30, where=lambda a: a["id"] == share.infohash)

    peer = client.Peer(check, dht=True)
    peer.join(nodes[0].udp)
    peer.download(f"magnet:?xt=urn:btmh:1220{share.infohash}", check.path("out")).finishes(40)

    expect_same_file(source, check.path("out", "ours.bin"))
