"""What a node of ours says to a stranger, byte by byte: BEP 5, 32, 33, 42, 43, 44 and 51."""

import hashlib
import ipaddress
import struct

import krpc
from harness import expect, write

KEY = b"a key of 20 bytes..."


def _node(check, *args, **options):
    return check.run("node", *args, **options).listening()


def _error(answer):
    return answer[b"e"][0] if answer[b"y"] == b"e" else None


def it_answers_as_the_texts_say(check):
    node = _node(check)
    stranger = krpc.Stranger(check, check.address())

    pong = stranger.ask(node.udp, "ping")
    seen = struct.unpack(">4sH", pong[b"ip"])
    expect(str(ipaddress.ip_address(seen[0])) == stranger._socket.getsockname()[0] and seen[1] == stranger.port, f"where it sees us: {seen}")
    expect(len(pong[b"r"][b"id"]) == 20, f"pong: {pong}")

    for verb, arguments, code in [
        ("find_node", {}, 203), ("get_peers", {}, 203), ("get_peers", {"info_hash": b"short"}, 203), ("announce_peer", {"info_hash": KEY, "port": 1, "token": b"none"}, 203),
        ("put", {"v": "x", "token": b"none"}, 203), ("get", {}, 203), ("sample_infohashes", {}, 203), ("weird", {}, 204),
    ]:
        expect(_error(stranger.ask(node.udp, verb, **arguments)) == code, f"{verb} {arguments}")
    expect(b"nodes" in stranger.ask(node.udp, "weird", target=KEY)[b"r"], "an unknown query with a target is answered as find_node")

    tokens = stranger.ask(node.udp, "get_peers", info_hash=KEY)[b"r"][b"token"]
    other = krpc.Stranger(check, check.address())
    expect(_error(other.ask(node.udp, "announce_peer", info_hash=KEY, port=7, token=tokens)) == 203, "a token of another address is refused")
    expect(_error(stranger.ask(node.udp, "announce_peer", info_hash=KEY, port=7, token=tokens)) is None, "one's own is taken")
    expect(len(other.ask(node.udp, "get_peers", info_hash=KEY)[b"r"][b"values"]) == 1, "and told")


def it_counts_a_swarm_and_gives_samples(check):
    node = _node(check)
    addresses = [check.address() for _ in range(12)]
    for number, address in enumerate(addresses):
        stranger = krpc.Stranger(check, address)
        token = stranger.ask(node.udp, "get_peers", info_hash=KEY)[b"r"][b"token"]
        stranger.ask(node.udp, "announce_peer", info_hash=KEY, port=1000 + number, token=token, seed=int(number < 4))

    answer = stranger.ask(node.udp, "get_peers", info_hash=KEY, scrape=1)[b"r"]
    expect(len(answer[b"BFsd"]) == len(answer[b"BFpe"]) == 256, "two filters of 256 bytes")
    expected = bytearray(256)
    for address in addresses[:4]:
        digest = hashlib.sha1(ipaddress.ip_address(address).packed).digest()
        for index in (digest[0] | digest[1] << 8, digest[2] | digest[3] << 8):
            expected[index % 2048 // 8] |= 1 << index % 8
    expect(answer[b"BFsd"] == bytes(expected), "the filter of the seeds is the one of the text")
    expect(b"BFsd" not in stranger.ask(node.udp, "get_peers", info_hash=bytes(20), scrape=1)[b"r"], "no filters where nobody is")
    expect(len(stranger.ask(node.udp, "get_peers", info_hash=KEY, noseed=1)[b"r"][b"values"]) == 8, "no seeds for a seed")

    samples = stranger.ask(node.udp, "sample_infohashes", target=KEY)[b"r"]
    expect(samples[b"samples"] == KEY and samples[b"num"] == 1 and 0 <= samples[b"interval"] <= 21600 and b"nodes" in samples, f"samples: {samples}")


def it_keeps_items(check):
    node = _node(check)
    stranger = krpc.Stranger(check, check.address())
    target = hashlib.sha1(b"5:hello").digest()
    token = stranger.ask(node.udp, "get", target=target)[b"r"][b"token"]

    expect(_error(stranger.ask(node.udp, "put", v="hello", token=token)) is None, "an immutable item is taken")
    expect(stranger.ask(node.udp, "get", target=target)[b"r"][b"v"] == b"hello", "and given")
    expect(_error(stranger.ask(node.udp, "put", v=b"x" * 1001, token=token)) == 205, "too long a value")
    expect(_error(stranger.ask(node.udp, "put", v="x", k=bytes(32), seq=1, sig=bytes(64), token=token)) == 206, "a signature that does not hold")
    expect(_error(stranger.ask(node.udp, "put", v="x", k=bytes(32), seq=1, sig=bytes(64), salt=b"s" * 65, token=token)) == 207, "too long a salt")


def it_does_not_ask_back_who_only_asks(check):
    node = _node(check)
    quiet, open_ = krpc.Stranger(check, check.address()), krpc.Stranger(check, check.address())

    quiet.ask(node.udp, "find_node", target=KEY)
    open_.ask(node.udp, "find_node", read_only=False, target=KEY)

    expect(any(m.get(b"q") == b"ping" for m in open_.listen(1)), "whoever may be asked is met")
    expect(not quiet.listen(0.5), "whoever only asks is left alone")
    answer = quiet.ask(node.udp, "find_node", target=KEY)
    expect(answer[b"r"][b"nodes"] == b"", "and nobody is told of who has not answered")


def it_tells_contacts_of_both_families(check):
    v4 = _node(check)
    both = check.run("node", "--listen", "::1", "--bootstrap", v4.udp).listening()
    _node(check, "--bootstrap", f"[::1]:{both.udp.rpartition(':')[2]}", address="::1")
    stranger = krpc.Stranger(check, check.address())

    def told():
        return stranger.ask(both.udp, "find_node", target=KEY, want=["n4", "n6"])[b"r"]

    check.until(15, "both families are told", lambda: len(told()[b"nodes"]) >= 26 and len(told().get(b"nodes6", b"")) >= 38)
    expect(b"nodes6" not in stranger.ask(both.udp, "find_node", target=KEY)[b"r"], "unasked, only one's own")
