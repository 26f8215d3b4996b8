"""Getting into the DHT, and back after a crash."""

import time

from harness import KB, expect, write


def _good(check, node):
    return sum(n["good"] for n in check.plain("dht", "--store", node.store).ends(0, 20).event("dht")["nodes"])


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
    peer = check.plain("find", share.infohash, "--store", again.store).event("peer", 10)
    took = time.monotonic() - again.started

    expect(peer["address"] == share.tcp and peer["via"] == "dht", f"found: {peer}")
    expect(took < 2, f"found again only {took:.1f} s after the start")
    check.note(f"found again {took:.2f} s after the start of the process")


a_killed_node_is_back_though_every_bootstrap_host_is_gone.seconds = 90


def half_of_all_nodes_may_die_at_once(check):
    nodes = [check.run("node").listening()]
    for _ in range(19):
        nodes.append(check.run("node", "--bootstrap", nodes[0].udp).listening())
    shares = [check.share(write(check.path("in", str(i)), 200 * KB, seed=i), args=["--bootstrap", nodes[1].udp]) for i in range(3)]
    for share in shares:
        share.event("announced", 20, where=lambda a: a["nodes"] >= 8)

    for node in nodes[::2]:
        node.kill()

    for number, node in enumerate(nodes[1::2]):
        share = shares[number % len(shares)]
        found = check.plain("find", share.infohash, "--store", node.store).event("peer", 10)
        expect(found["address"] == share.tcp, f"found: {found}")


half_of_all_nodes_may_die_at_once.seconds = 90
