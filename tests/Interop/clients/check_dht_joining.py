"""Getting into the DHT, and back, and into no other."""

import socket
import time

import libtorrent_peer as client
from harness import KB, MIB, expect, write

try:
    import libtorrent as lt
except ImportError:
    lt = None


def _good(check, node):
    return sum(n["good"] for n in check.plain("dht", "--store", node.store).ends(0, 20).event("dht")["nodes"])


def _ear(check):
    """An address where somebody might be contacted, and what arrives there."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind((check.address(), 0))
    ear.setblocking(False)
    check.on_close(ear.close)
    return ear, "{}:{}".format(*ear.getsockname())


def _heard(ear):
    try:
        return bool(ear.recv(2048))
    except BlockingIOError:
        return False


def a_killed_node_is_back_though_every_bootstrap_host_is_gone(check):
    first = check.run("node").listening()
    others = [check.run("node", "--bootstrap", first.udp).listening() for _ in range(6)]
    late = check.run("node", "--bootstrap", first.udp).listening()
    share = check.share(write(check.path("in", "f"), 300 * KB), args=["--bootstrap", others[0].udp])
    share.event("announced", 20, where=lambda a: a["nodes"] > 0)
    check.until(15, "it knows the others", lambda: _good(check, late) >= 5)
    time.sleep(11)  # what it knows is saved ten seconds after its start

    late.kill()
    first.kill()
    again = check.run("node", store=late.store, address=late.address, port=int(late.tcp.rpartition(":")[2]), dht_port=int(late.udp.rpartition(":")[2])).listening()
    begun = time.monotonic()
    check.plain("dht", "lookup", share.infohash, "--store", again.store).ends(0, 20).event("peer", 5)
    took = time.monotonic() - begun

    expect(took < 2, f"found again only after {took:.1f} s")
    check.note(f"found again after {took:.2f} s")


a_killed_node_is_back_though_every_bootstrap_host_is_gone.seconds = 90


def half_of_all_nodes_may_die_at_once(check):
    nodes = [check.run("node").listening()]
    for _ in range(15):
        nodes.append(check.run("node", "--bootstrap", nodes[0].udp).listening())
    shares = [check.share(write(check.path("in", str(i)), 200 * KB, seed=i), args=["--bootstrap", nodes[1].udp]) for i in range(3)]
    for share in shares:
        share.event("announced", 20, where=lambda a: a["nodes"] >= 8)

    for node in nodes[::2]:
        node.kill()

    for share in shares:
        check.plain("dht", "lookup", share.infohash, "--store", nodes[3].store).ends(0, 30).event("peer", 5)


half_of_all_nodes_may_die_at_once.seconds = 90


def the_public_dht_is_joined_through_routers_when_asked(check):
    router = check.run("node").listening()
    dead = f"{check.address()}:9"

    joined = check.run("node", "--public", "--router", dead, "--router", router.udp).listening()

    check.until(10, "it has joined through the router that lives", lambda: _good(check, joined) >= 1)
    refused = check.run("node", "--router", router.udp).ends(2, 10)
    expect("--public" in refused.error["message"], f"a router without --public: {refused.said}")


def what_a_torrent_names_is_contacted_in_public_alone(check):
    check.note(client.needed())
    ear, endpoint = _ear(check)
    router, router_endpoint = _ear(check)
    source = write(check.path("in", "named.bin"), 1 * MIB)
    infohash, _ = client.make_torrent(source, check.path("named.torrent"))
    decoded = lt.bdecode(open(check.path("named.torrent"), "rb").read())
    host, _, port = endpoint.rpartition(":")
    decoded[b"nodes"] = [[host.encode(), int(port)]]
    with open(check.path("named.torrent"), "wb") as file:
        file.write(lt.bencode(decoded))

    check.run("get", check.path("named.torrent"), "-o", check.folder("out"), "--timeout", "2").ends(3, 20)
    expect(not _heard(ear), "without --public nobody is contacted whom the user did not name")
    check.run("get", check.path("named.torrent"), "-o", check.folder("out"), "--timeout", "2", "--public", "--router", router_endpoint).ends(3, 20)
    expect(_heard(ear), "with --public the nodes of a torrent are")
    expect(_heard(router), "and the router is")
