"""Who comes to the node and goes: sources it fetches from, peers it serves, people at its store. A visit is a short check of its own."""

import itertools
import os
import subprocess
import sys

from harness import KB, MB, Check, Failed, expect

HERE = os.path.dirname(os.path.abspath(__file__))
LIBTORRENT = [sys.executable, "-B", os.path.join(HERE, "..", "Transfer", "libtorrent_node.py")]
HOSTILE = [sys.executable, "-B", os.path.join(HERE, "..", "Shaped", "hostile.py")]
PORT = 9700  # of libtorrent_node.py, and so of the node, which it is to find
_addresses = itertools.count()


class Visit(Check):
    """Addresses that no other visit has had for a long while."""

    def address(self):
        number = next(_addresses)
        return f"127.{1 + number // 250 // 250 % 250}.{number // 250 % 250}.{1 + number % 250}"


class Node:
    """The node that is watched, as visits see it."""

    def __init__(self, world, memory, address="127.0.0.2"):
        self.world, self.store, self.out = world, world.path("store"), world.folder("out")
        self.process = world.plain("node", "--store", self.store, "--listen", address, "--port", PORT, "--dht-port", 8468, "--no-lan", "--memory", memory)
        self.address, self.tcp, self.udp = address, f"{address}:{PORT}", f"{address}:8468"
        self.process.listening(60)

    def command(self, visit, *words):
        return visit.plain(*words, "--store", self.store, env=self.world.env)


def fetch(node, visit, torrent, chance, hurry=False):
    """The node loses a torrent, if it has it, and fetches it again: from several kinds of peers, with hostile ones among them, stopped midway or not."""
    if torrent.held:
        torrent.held = False
        node.command(visit, "remove", torrent.infohash, "--delete-files").ends(0, 120)
    rate = 0 if hurry else chance.choice([2, 5, 10, 20]) * MB
    sources = [_source(visit, torrent, chance, rate) for _ in range(1 if hurry else chance.choice([1, 2, 3]))]
    peers = [endpoint for _, endpoint in sources]
    if not hurry and chance.random() < 0.5:
        what, address = chance.choice(["stall", "lie"]), visit.address()
        visit.start([*HOSTILE, what, address, torrent.infohash]).event("ready", 60)
        peers.insert(chance.randrange(len(peers) + 1), f"{address}:9000")
    words = ["get", torrent.file, "-o", node.out, "--timeout", 120, *[word for peer in peers for word in ("--peer", peer)]]

    if not hurry and torrent.many and chance.random() < 0.3:
        node.command(visit, *words, "--only", "0/*").ends(0, 300)
    get = node.command(visit, *words)
    companion = None
    if not hurry and chance.random() < 0.4:  # downloads it at the same time, from the node and from who else has it
        companion = _shoal(visit, torrent, chance, visit.folder("companion"), [node.tcp, *peers])
    if not hurry and chance.random() < 0.3:
        _leave(get, chance)
        get = node.command(visit, *words)
    if len(sources) > 1 and chance.random() < 0.5:
        sources[0][0].kill()
    get.ends(0, 400)
    torrent.expect_in(node.out)
    torrent.held = True
    moved = torrent.length
    if companion:
        companion.ends(0, 400)
        torrent.expect_in(visit.path("companion"))
        moved += torrent.length
    return moved


def download(node, visit, torrent, chance):
    """Somebody takes a torrent from the node, or goes before it has all of it."""
    out = visit.folder("out")
    if chance.random() < 0.4:
        peer = _libtorrent(visit, "leech", torrent, out, visit.address(), chance.choice([3, 10, 30]) * MB)
        print("connect", node.address, file=peer.process.stdin, flush=True)
    else:
        peer = _shoal(visit, torrent, chance, out, [node.tcp] if chance.random() < 0.5 else [], *["--bootstrap", node.udp])
    if chance.random() < 0.3:
        _leave(peer, chance)
        return 0
    if peer.process.stdin:
        peer.event("done", 400)
        peer.process.stdin.close()  # it still writes when it says that it is done
        peer.ends(0, 60)
    else:
        peer.ends(0, 400)
    torrent.expect_in(out)
    return torrent.length


def look(node, visit, torrent, chance):
    """Somebody at the node's store asks how things stand."""
    words = chance.choice([["status"], ["status", torrent.infohash, "--verbose"], ["why", torrent.infohash], ["list", "--files"], ["dht"], ["find", torrent.infohash, "--timeout", 3], ["inspect", torrent.file], ["verify", torrent.infohash]])
    asked = node.command(visit, *words)
    # What it asks of may be away for a moment, or be on its way.
    wanted = {"why": (0, 1), "find": (0, 3), "verify": (0, 1), "status": (0, 1)}.get(words[0], (0,))
    try:
        code = asked.process.wait(120)
    except subprocess.TimeoutExpired:
        raise Failed(f"{asked} did not end within 120 s") from None
    expect(code in wanted, f"{asked} ended with {code}")
    return 0


def _source(visit, torrent, chance, rate):
    """(process, endpoint) of somebody who has it."""
    if chance.random() < 0.5:
        address = visit.address()
        return _libtorrent(visit, "seed", torrent, torrent.folder, address, rate), f"{address}:{PORT}"
    seed = visit.run("get", torrent.file, "-o", torrent.folder, "--seed", "--announce", "none", *["--upload-limit", rate] * (rate > 0))
    seed.event("done", 120)
    return seed, seed.tcp


def _libtorrent(visit, role, torrent, folder, address, rate):
    words = [*LIBTORRENT, role, torrent.file, folder, address, "plain", *[str(rate)] * (rate > 0)]
    process = visit.start(words, stdin=subprocess.PIPE)
    process.event("ready", 120)
    return process


def _shoal(visit, torrent, chance, out, peers, *words):
    limits = ["--download-limit", chance.choice([1, 3, 10, 30]) * MB] if chance.random() < 0.7 else []
    stream = ["--encryption", chance.choice(["require", "prefer", "allow", "off"])]
    what = torrent.file if chance.random() < 0.5 else torrent.link
    return visit.run("get", what, "-o", out, "--timeout", 120, *limits, *stream, *[w for peer in peers for w in ("--peer", peer)], *words)


def _leave(process, chance):
    """Ends it after a moment, politely or not."""
    try:
        process.process.wait(chance.choice([0.3, 1, 3, 8]))
    except subprocess.TimeoutExpired:
        process.kill() if chance.random() < 0.5 else process.close()
