"""Every client with us in both roles, each way that torrents, links, streams and discovery can be combined: the cells of `matrix.py`, each in a network of its own."""

import os

import aria2_peer
import libtorrent_peer
import matrix
import transmission_peer
from harness import KIB, Failed, expect, expect_same_tree, fetched, write
from lan import Lan
from tracker import Tracker

CLIENTS = {"libtorrent": libtorrent_peer, "aria2": aria2_peer, "transmission": transmission_peer}
SECONDS = {"libtorrent": 90, "aria2": 90, "transmission": 150}
AT_ONCE = 4  # cells wait more than they compute
PORT = 9000


def the_short_set_of_the_matrix_covers_every_pair(check):
    cells, chosen = matrix.all_cells(), matrix.short_set()
    if not matrix.PEX_IS_BUILT:
        cells = [cell for cell in cells if cell.found != "pex"]
    for one, other in ((a, b) for a in range(len(matrix.AXES)) for b in range(a)):
        can_be, are = ({(cell[one], cell[other]) for cell in some} for some in (cells, chosen))
        expect(can_be == are, f"in no cell: {sorted(can_be - are)}")
    check.note(f"{len(chosen)} of {len(matrix.all_cells())} cells")


def cells(every_one):
    """(name, check) of the short set or of all; those with slow clients first, so that nobody waits for them alone."""
    chosen = matrix.all_cells() if every_one else matrix.short_set()
    for cell in sorted(chosen, key=lambda cell: (cell.client != "transmission", cell.found != "dht")):
        yield f"matrix: {', '.join(cell)}", _check_of(cell)


def _check_of(cell):
    def run(check):
        check.note(CLIENTS[cell.client].needed())
        libtorrent_peer.needed()
        world = _World(check, cell)
        try:
            if cell.role == "seed":
                world.client_seeds()
            else:
                world.client_downloads()
            world.expect_stream()
        except Failed as why:
            raise Failed(f"{why}\n  {world.said()}") from None

    run.seconds = SECONDS[cell.client]
    run.at_once = AT_ONCE
    return run


class _World:
    """Our host, theirs, and one between that knows both: a tracker, nodes of the DHT, or a peer that has nothing."""

    def __init__(self, check, cell):
        self.check, self.cell = check, cell
        self.lan = Lan(check, v6=False)
        self.ours, self.theirs, self.between = self.lan.hosts
        self.lan.count_plain_handshakes()
        self.torrent, self.link, self.key = check.path("cell.torrent"), None, None
        self.client = self.shoal = self.introducer = None
        self.encryption = "off" if cell.stream == "plain" else "forced"
        self.options = ["--port", PORT, "--encryption", "off" if cell.stream == "plain" else "require"]
        self.options += [] if cell.found == "lan" else ["--no-lan"]
        self.trackers, self.nodes = [], []
        if cell.found == "tracker":
            with self.between.entered():
                self.tracker = Tracker(self.between.address)
            check.on_close(self.tracker.close)
            self.trackers = [self.tracker.http]
        if cell.found == "dht":
            self._make_nodes(12 if cell.client == "transmission" else 3)
            self.options += ["--bootstrap", self.endpoints[0]]

    def client_seeds(self):
        source, length = self._content("theirs")
        _, self.link = libtorrent_peer.make_torrent(source, self.torrent, 64 * KIB, self.cell.version, self.trackers)
        self._know_key()
        self._make_client().seed(self.torrent, os.path.dirname(source))
        self._wait_until_found(self.theirs, self.client.endpoint)

        known = {"given": self.client, "pex": self.introducer}.get(self.cell.found)
        args = ["--peer", known.endpoint] if known else []
        self.shoal = self.ours.run("get", self._start(), "-o", self.check.folder("out"), "--timeout", "60", *self.options, *args)
        self.shoal.ends(0, 75)

        expect_same_tree(os.path.dirname(source), self.check.path("out"))
        peers = {peer["address"].rpartition(":")[0] for peer in self.shoal.done["peers"] if peer["bytes"] > 0}
        expect(fetched(self.shoal.done) >= length and peers == {self.theirs.address}, f"peers: {self.shoal.done['peers']}")
        self.check.until(10, f"{self.cell.client} says that it gave {length} bytes", lambda: self.client.uploaded >= length)

    def client_downloads(self):
        source, length = self._content("ours")
        if self.cell.version == "v1":
            _, self.link = libtorrent_peer.make_torrent(source, self.torrent, 64 * KIB, "v1", self.trackers)
        is_called = self.cell.found == "given" and self.cell.client != "libtorrent"  # the others take no peer by an option: the seed is given one
        if not is_called:
            self._shoal_seeds(source)
            self._know_key()
            self._wait_until_found(self.ours, f"{self.ours.address}:{PORT}")
        elif self.cell.version != "v1":
            self._shoal_seeds(source)
            self.shoal.stop()
        self._make_client().download(self._start(), self.check.path("out"))
        if is_called:
            self._shoal_seeds(source, "--peer", self.client.endpoint)
        elif self.cell.found == "given":
            self.client.connect(f"{self.ours.address}:{PORT}")
        elif self.cell.found == "pex":
            self.introducer.connect(self.client.endpoint)

        self.client.finishes(SECONDS[self.cell.client])

        expect_same_tree(os.path.dirname(source), self.check.path("out"))
        if self.cell.client != "aria2":  # which is gone, and its exit code was its word
            expect(self.client.downloaded >= length, f"{self.cell.client} says that it received {self.client.downloaded} of {length} bytes")
        if self.cell.version != "v1":  # a get that seeds does not count aloud
            self.shoal.event("serving", 10, where=lambda e: e["uploaded"] >= length)

    def expect_stream(self):
        """By what passed on the wire."""
        seen = self.lan.plain_handshakes
        expect(seen > 0 if self.cell.stream == "plain" else seen == 0, f"{seen} plain handshakes were seen")

    def said(self):
        try:
            return self.client.said() if self.client else f"no {self.cell.client} yet"
        except Exception as error:  # it must not hide the failure that is told of
            return f"{self.cell.client}: {error!r}"

    def _content(self, folder):
        """A file, or a folder of some, by turns; and how many bytes it has."""
        if sum(values.index(value) for values, value in zip(matrix.AXES.values(), self.cell)) % 2 == 0:
            return write(self.check.path(folder, "one.bin"), 700_001), 700_001
        lengths = [300_000, 1, 200_003, 65_536, 7, *([0] if self.cell.client != "transmission" else [])]  # which makes no empty files
        for i, length in enumerate(lengths):
            write(self.check.path(folder, "some", f"sub {i % 2}", f"file {i}"), length)
        return self.check.path(folder, "some"), sum(lengths)

    def _make_nodes(self, count):
        first = self.between.run("node", "--no-lan").listening()
        self.endpoints = [self._endpoint(first)]
        more = [self.between.run("node", "--no-lan", "--bootstrap", self.endpoints[0]) for _ in range(count - 1)]
        self.nodes = [first, *(node.listening() for node in more)]
        self.endpoints += [self._endpoint(node) for node in more]

    def _endpoint(self, node):
        return f"{self.between.address}:{node.event('listening')['udp'].rpartition(':')[2]}"

    def _make_client(self):
        here, found = self.theirs, self.cell.found
        with here.entered():
            if self.cell.client == "libtorrent":
                self.client = libtorrent_peer.Peer(self.check, dht=found == "dht", lsd=found == "lan", address=here.address, encryption=self.encryption)
                if found == "dht":
                    self.client.join(self.endpoints[0])
            elif self.cell.client == "aria2":
                self.client = aria2_peer.Peer(
                    self.check, here.address, here.entered, self.encryption, node=self.endpoints[0] if self.nodes else None, lan=found == "lan", pex=found == "pex")
            else:
                self.client = transmission_peer.Peer(
                    self.check, here.address, here.entered, self.encryption, nodes=self.endpoints if self.nodes else (), lan=found == "lan", pex=found == "pex")
        return self.client

    def _shoal_seeds(self, source, *args):
        """Of v1 a get that has it all already, as the program makes no torrents of v1 alone."""
        if self.cell.version == "v1":
            self.shoal = self.ours.run("get", self.torrent, "-o", os.path.dirname(source), "--seed", *self.options, *args)
            done = self.shoal.event("done", 30)
            expect(done["reused"] == done["bytes"], f"not all was there: {done}")
        else:
            made = ["--write-torrent", self.torrent, *(["--hybrid"] if self.cell.version == "hybrid" else []), *(part for url in self.trackers for part in ("--tracker", url))]
            self.shoal = self.ours.share(source, args=[*made, *self.options, *args])
            self.link = "&".join(part for part in self.shoal.link.split("&") if not part.startswith("x.pe="))

    def _start(self):
        return self.link if self.cell.start == "link" else self.torrent

    def _know_key(self):
        """What a client of v1 looks for is the infohash of v1."""
        hashes = libtorrent_peer.lt.torrent_info(self.torrent).info_hashes()
        self.key = str(hashes.v1 if hashes.has_v1() else hashes.v2)

    def _wait_until_found(self, host, endpoint):
        """The seed there is where the downloader will look."""
        if self.cell.found == "tracker":
            self.check.until(40, "the seed is announced", lambda: self.tracker.announces(address=host.address))
        elif self.cell.found == "dht":
            self.check.until(90, "the seed is announced in the DHT", lambda: self._is_in_dht(host))
        elif self.cell.found == "pex":
            with self.between.entered():
                self.introducer = libtorrent_peer.Peer(
                    self.check, address=self.between.address, encryption=self.encryption, unchoke_slots_limit=0, allowed_fast_set_size=0)  # gives nothing
            self.introducer.download(self.torrent, self.check.path("between"))
            self.introducer.torrent.set_download_limit(1_000)  # a minute for a piece: its optimistic unchoke has nothing to give either
            self.introducer.connect(endpoint)
            self.check.until(20, "the seed has a peer that tells of it", lambda: self.introducer.downloaded > 0)

    def _is_in_dht(self, host):
        if host is self.theirs and self.cell.client == "libtorrent":
            self.client.torrent.force_dht_announce()
        said = self.between.run_on(self.nodes[-1], "dht", "lookup", self.key).ends(0, 20).all("peer")
        return any(peer["address"].rpartition(":")[0] == host.address for peer in said)
