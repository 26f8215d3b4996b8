"""The DHT from the command line: what it looks like, and lookup, ping, put and get, through the holder of a store and without one."""

import os
import stat
import subprocess

from harness import KB, expect, read, write

NODES = 12
NETWORK = "127.0.40"
VALUE = "Hello, 世界"


def _network(check, count=NODES):
    nodes = []
    for i in range(count):
        known = ["--bootstrap", nodes[(i - 1) // 2].udp] if nodes else []
        nodes.append(check.run("node", *known, address=f"{NETWORK}.{i + 1}").listening())
    check.until(15, "everybody knows several", lambda: all(_status(check, node)["nodes"][0]["good"] >= min(8, count - 1) for node in (nodes[0], nodes[-1])))
    return nodes


def _through(check, node, *args, code=0, **options):
    """Acts through the holder of a store."""
    shoal = check.plain("dht", *args, "--store", node.store, **options).ends(code, 30)
    return shoal


def _alone(check, node, *args, code=0):
    """A node of its own, that knows one other."""
    return check.run("dht", *args, "--bootstrap", node.udp, address=f"{NETWORK}.100").ends(code, 30)


def _status(check, node):
    return _through(check, node).event("dht")


def the_state_of_the_dht_is_shown(check):
    nodes = _network(check)

    held = _status(check, nodes[0])
    joined = _alone(check, nodes[5])
    own = joined.event("dht")

    for state, udp in ((held, nodes[0].udp), (own, joined.udp)):
        expect(state["nodes"][0]["address"] == state["nodes"][0]["external"] == udp, f"where it is: {state['nodes'][0]}")
        here = state["nodes"][0]
        expect(here["good"] == len(here["contacts"]) == sum(b["good"] for b in here["buckets"]), f"contacts: {here}")
        expect({c["address"] for c in here["contacts"]} <= {n.udp for n in nodes}, f"strangers: {here['contacts']}")
        expect(all(set(b) == {"bits", "good", "questionable", "capacity"} for b in here["buckets"]), f"buckets: {here['buckets']}")
        expect(here["networkSize"] > 0 and len(here["id"]) == 40, f"node: {here}")
        expect(state["queries"]["find_node"]["sent"] > 0 and state["answers"] > 0 and state["bytesSent"] > 0, f"traffic: {state}")
    expect(held["queries"]["find_node"]["received"] > 0, "the holder answers")
    expect(own["nodes"][0]["networkSize"] >= 8, f"size: {own['nodes'][0]['networkSize']}")
    later = _status(check, nodes[0])
    expect(joined.udp not in {c["address"] for c in later["nodes"][0]["contacts"]}, "who only asks is not entered")

    page = _through(check, nodes[0], json_output=False)
    expect(page.lines[0] == f"DHT on {nodes[0].udp}\n", f"page: {page.lines[:1]}")
    expect("█" in "".join(page.lines) and max(map(len, page.lines)) <= 81, "the page is drawn within 80 columns")
    check.note(f"joined and shown in {joined.took:.2f} s")


def a_lookup_says_who_is_closest_and_who_has_it(check):
    nodes = _network(check)
    share = check.share(write(check.path("in", "f"), 200 * KB), args=["--bootstrap", nodes[3].udp], address=f"{NETWORK}.50")
    share.event("announced", 20)
    findable = share.event("findable", 20)
    expect(findable["found"] and findable["id"] == share.infohash and set(findable) == {"event", "id", "found", "hops", "seconds"}, f"findable: {findable}")

    key = share.infohash[:40]
    for found in (_through(check, nodes[7], "lookup", share.link), _through(check, nodes[8], "lookup", key), _alone(check, nodes[9], "lookup", share.infohash)):
        end, contacts, peers = found.event("lookup"), found.all("contact"), found.all("peer")
        expect(end["key"] == key and end["contacts"] >= 8 and end["queries"] >= 8 and end["hops"] >= 1 and end["peers"] == 1, f"lookup: {end}")
        expect(set(end) == {"event", "key", "contacts", "peers", "queries", "hops", "seconds", "seeds", "downloaders", "crowded"}, f"lookup: {end}")
        expect([p["address"] for p in peers] == [share.tcp] and peers[0].get("from") in {None, *(n.udp for n in [*nodes, share])} and peers[0]["via"] == "dht", f"peers: {peers}")
        expect(len(contacts) == 8, f"{len(contacts)} contacts")
        for contact in contacts:
            distance = int(contact["id"], 16) ^ int(key, 16)
            expect(int(contact["distance"], 16) == distance and contact["bits"] == 160 - distance.bit_length(), f"contact: {contact}")
        expect([c["distance"] for c in contacts] == sorted(c["distance"] for c in contacts), "closest first")
    expect(end["downloaders"] is not None and 0.5 <= end["seeds"] + end["downloaders"] <= 2, f"estimates: {end}")

    nobody = _alone(check, nodes[2], "lookup", "ab" * 20)
    expect(nobody.event("lookup")["peers"] == 0, "nobody announced it, and somebody answered")


def a_ping_is_answered(check):
    node, other = _network(check, 2)

    for ping in (_through(check, other, "ping", node.udp), check.run("dht", "ping", node.udp, address=f"{NETWORK}.100").ends(0, 20)):
        pong = ping.event("pong")
        expect(pong["address"] == node.udp and len(pong["id"]) == 40 and 0 <= pong["ms"] < 1000, f"pong: {pong}")
        expect(pong["version"].startswith("SH ") and pong["external"].startswith(NETWORK), f"pong: {pong}")

    expect(_through(check, other, "ping", f"{NETWORK}.99:1", "--timeout", "1", code=3).error["code"] == "no-answer", "nobody is there")
    expect(_through(check, other, "ping", "[::1]:1", code=3).error["code"] == "no-address", "it has no IPv6")
    expect(_through(check, node, "ping", node.udp, code=1).error["code"] == "own-address", "nobody pings himself")


def an_immutable_value_is_put_and_got(check):
    nodes = _network(check)

    stored = _through(check, nodes[1], "put", VALUE).event("stored")
    expect(stored["nodes"] >= 8 and stored["conflicts"] == 0 and stored["publicKey"] is stored["sequence"] is stored["salt"] is None, f"stored: {stored}")
    value = _alone(check, nodes[9], "get", stored["target"]).event("value")
    expect(value["value"] == VALUE and bytes.fromhex(value["bencodedHex"]) == f"{len(VALUE.encode())}:{VALUE}".encode(), f"value: {value}")
    expect(value["copies"] >= 7 and value["publicKey"] is value["sequence"] is None, f"value: {value}")

    number = _alone(check, nodes[4], "put", "i42e", "--bencoded").event("stored")
    expect(_through(check, nodes[6], "get", number["target"]).event("value")["value"] is None, "a number is no text")

    raw = check.path("raw")
    with open(raw, "wb") as file:
        file.write(b"\x1b[31m\xff" * 10)
    target = _through(check, nodes[3], "put", "--file", raw).event("stored")["target"]
    _through(check, nodes[5], "get", target, "--output", check.path("copy"))
    expect(read(check.path("copy")) == read(raw), "bytes come back as they were")
    piped = subprocess.run([check.binary, "dht", "get", target, "--store", nodes[5].store], env=check.env, capture_output=True, timeout=20)
    expect(piped.returncode == 0 and piped.stdout == read(raw), f"through a pipe: {piped}")

    write(raw, 997)
    expect(_through(check, nodes[3], "put", "--file", raw, code=1).error["code"] == "too-large", "997 bytes are too many")


def a_mutable_value_is_replaced_by_whoever_has_the_key(check):
    nodes = _network(check)
    key = check.path("key")

    def put(node, text, *args, code=0):
        return _through(check, node, "put", text, "--key", key, "--salt", "news", *args, code=code)

    first = put(nodes[0], "one")
    expect(stat.S_IMODE(os.stat(key).st_mode) == 0o600 and len(read(key).strip()) == 64, "the key is its owner's alone")
    expect([w["code"] for w in first.all("warning")] == ["key-made"], f"warnings: {first.all('warning')}")
    stored = first.event("stored")
    expect(stored["sequence"] == 1 and stored["salt"] == "news" and len(stored["publicKey"]) == 64, f"stored: {stored}")
    expect(put(nodes[4], "two").event("stored")["sequence"] == 2, "the next number is chosen")
    expect(_alone(check, nodes[5], "put", "three", "--key", key, "--salt", "news").event("stored")["sequence"] == 3, "without a holder too")

    for got in (_through(check, nodes[8], "get", stored["publicKey"], "--salt", "news"), _alone(check, nodes[2], "get", stored["target"], "--salt", "news")):
        value = got.event("value")
        expect((value["value"], value["sequence"], value["publicKey"], value["target"]) == ("three", 3, stored["publicKey"], stored["target"]), f"value: {value}")

    late = put(nodes[6], "late", "--sequence", "2", code=1).error
    expect(late["code"] == "conflict" and "number 3 is there" in late["message"] and "above 3" in late["message"], f"error: {late}")
    other = put(nodes[6], "other", "--sequence", "9", "--cas", "2", code=1).error
    expect(other["code"] == "conflict" and "number 3 is there, not 2" in other["message"], f"error: {other}")
    expect(put(nodes[6], "ten", "--sequence", "10", "--cas", "3").event("stored")["sequence"] == 10, "the version that was expected")
    expect(_through(check, nodes[7], "get", stored["publicKey"], "--timeout", "1", code=3).error["code"] == "not-found", "another salt is another item")


def nobody_known_ends_with_3_and_wrong_usage_with_2(check):
    alone = check.run("node", address=f"{NETWORK}.1").listening()
    for args in (["lookup", "ab" * 20], ["get", "ab" * 20], ["put", "x"], ["put", "x", "--key", check.path("key")]):
        expect(_through(check, alone, *args, "--timeout", "1", code=3).error["code"] == "no-contact", f"{args}")
    expect(_status(check, alone)["nodes"][0]["networkSize"] is None, "it knows nobody")

    for args in (["frobnicate"], ["lookup"], ["lookup", "xyz"], ["lookup", "ab" * 20, "--peer", alone.tcp], ["ping", "nowhere"], ["put"], ["put", "x", "--file", "y"],
                 ["put", "i1", "--bencoded"], ["put", "x", "--salt", "s"], ["put", "x", "--cas", "1"], ["get", "ab"], ["get", "ab" * 20, "--timeout", "0"]):
        expect(_through(check, alone, *args, code=2).error["message"], f"{args} said nothing")
