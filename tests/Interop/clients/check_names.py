"""Files and chunks by their own names: links of files, IDs alone, who announces what, and who lies about a length."""

import hashlib
import os
import socket
import struct
import threading

import libtorrent_peer as client
from harness import MIB, expect, expect_same_file, from_peer, read, write

BLOCK = 16384


def _folder(check, name="album"):
    """Files of one piece, of several and of none."""
    for path, length in (("one.bin", 3 * MIB + 777), ("sub/two.bin", 100_000), ("sub/three.bin", MIB), ("empty", 0)):
        write(check.path("in", name, path), length, seed=path)
    return check.path("in", name)


def _file(share, path):
    return next(f for f in share.shared[0]["files"] if f["path"] == path)


def _chunks(check, share, path):
    """IDs of the chunks of a file, as the store lists them."""
    listed = check.plain("list", "--chunks", "--store", share.store).ends(0)
    items = listed.all("item")
    at = next(i for i, e in enumerate(items) if e["kind"] == "file" and e["name"] == path)
    chunks = []
    for item in items[at + 1:]:
        if item["kind"] != "chunk":
            break
        chunks.append(item)
    return chunks


def libtorrent_gets_a_file_by_its_own_link_from_a_shared_folder(check):
    check.note(client.needed())
    share = check.share(_folder(check))
    for path in ("one.bin", "sub/two.bin"):
        file = _file(share, path)

        client.Peer(check).download(file["link"], check.path("out"), peer=share.tcp).finishes()

        expect_same_file(check.path("in", "album", path), check.path("out", file["id"]))


def a_file_comes_by_its_own_link_under_its_name(check):
    share = check.share(_folder(check))

    got = check.get(_file(share, "sub/two.bin")["link"], check.folder("out"))

    expect_same_file(check.path("in", "album", "sub/two.bin"), check.path("out", "two.bin"))
    expect(got.event("metadata")["kind"] == "torrent", f"{got.event('metadata')}")


def a_file_comes_by_its_id_and_a_bootstrap_address_alone(check):
    share = check.share(_folder(check))
    for path in ("one.bin", "sub/two.bin", "sub/three.bin"):
        id = _file(share, path)["id"]

        got = check.get(id, check.folder("out"), "--bootstrap", share.udp, "--timeout", "20")

        expect_same_file(check.path("in", "album", path), check.path("out", id))
        metadata = got.event("metadata")
        expect((metadata["kind"], metadata["id"], metadata["length"]) == ("file", id, os.path.getsize(check.path("in", "album", path))), f"{metadata}")
        expect(from_peer(got.done, share.tcp) == got.done["bytes"], f"{got.done}")

    id = _file(share, "one.bin")["id"]
    check.get(f"magnet:?xt=urn:btmh:1220{id}&dn=named.bin", check.folder("named"), "--bootstrap", share.udp, "--timeout", "20")
    expect_same_file(check.path("in", "album", "one.bin"), check.path("named", "named.bin"))


def a_chunk_comes_by_its_id_and_a_bootstrap_address_alone(check):
    share = check.share(_folder(check))
    content = read(check.path("in", "album", "one.bin"))
    chunks = _chunks(check, share, "one.bin")
    expect(len(chunks) == 13, f"{len(chunks)} chunks")
    at = 0
    for i, chunk in enumerate(chunks):
        if i in (0, 7, len(chunks) - 1):  # the last is padded: its ID is not its own root
            got = check.get(chunk["id"], check.folder("out"), "--bootstrap", share.udp, "--timeout", "20")
            expect(read(check.path("out", chunk["id"])) == content[at:at + chunk["length"]], f"other content in chunk {i}")
            expect(got.event("metadata")["kind"] == ("chunk" if i == len(chunks) - 1 else "file"), f"{got.event('metadata')}")
        at += chunk["length"]


def a_file_comes_from_halves_in_torrents_of_different_piece_lengths(check):
    _comes_from_halves(check, "64KiB", "1MiB")


def a_file_comes_from_halves_in_torrents_of_larger_pieces_than_its_own(check):
    _comes_from_halves(check, "1MiB", "512KiB")  # neither knows more of the layer than of its half


def _comes_from_halves(check, *lengths):
    length = 6 * MIB + 12345
    nodes = []
    for i, piece in enumerate(lengths):
        source = write(check.path(f"in{i}", "folder", "wanted.bin"), length, seed="both")
        write(check.path(f"in{i}", "folder", f"other {i}"), 300_000 + i)
        share = check.share(os.path.dirname(source), args=["--piece-length", piece, "--announce", "none"])
        share.stop(0)
        with open(source, "r+b") as file:  # what is lost is found out, and the rest is served
            file.seek(0 if i else 3 * MIB)
            file.write(bytes(3 * MIB if i else length - 3 * MIB))
        check.plain("verify", "--store", share.store).ends(4)
        nodes.append(check.run("node", *(["--bootstrap", nodes[0].udp] if nodes else []), store=share.store).listening())
    id = _file(share, "wanted.bin")["id"]
    whole = write(check.path("whole"), length, seed="both")

    got = check.get(id, check.folder("out"), "--bootstrap", nodes[0].udp, "--timeout", "30")

    expect_same_file(whole, check.path("out", id))
    given = [from_peer(got.done, node.tcp) for node in nodes]
    expect(all(g >= 3 * MIB - BLOCK for g in given), f"given {given} of {length}")
    check.note(f"{given[0]} and {given[1]} bytes of {length}")


def a_level_says_what_is_announced(check):
    folder = _folder(check)
    hub = check.run("node").listening()
    for level, found in (("none", ()), ("torrents", ("torrent",)), ("files", ("torrent", "file", "link")), ("chunks", ("torrent", "file", "link", "chunk"))):
        share = check.share(folder, args=["--announce", level, "--bootstrap", hub.udp], store=check.path("store of all"))
        file = _file(share, "one.bin")
        chunk = _chunks(check, share, "one.bin")[3]["id"]
        names = {"torrent": share.infohash, "file": file["id"], "link": file["link"].split("&")[0], "chunk": chunk}
        for kind, name in names.items():
            code = 0 if kind in found else 3
            check.run("find", name, "--bootstrap", hub.udp, "--timeout", "15" if code == 0 else "2").ends(code)
        share.stop(0)
        hub.stop(0)
        hub = check.run("node").listening()


a_level_says_what_is_announced.seconds = 120


def nothing_of_a_private_torrent_is_found_or_given_by_its_files(check):
    hub = check.run("node").listening()
    share = check.share(_folder(check), args=["--private", "--bootstrap", hub.udp])
    file = _file(share, "one.bin")
    expect(file["link"] is None, f"a link to a file of a private torrent: {file}")

    check.run("find", file["id"], "--bootstrap", hub.udp, "--timeout", "3").ends(3)
    check.get(file["id"], check.folder("out"), "--peer", share.tcp, "--timeout", "3", code=3)

    expect(os.listdir(check.path("out")) == [], f"{os.listdir(check.path('out'))}")


class _Liar:
    """A peer that says that a file is shorter than it is, and gives true bytes of it and whatever hashes it is asked for."""

    def __init__(self, check, id, content, length):
        self.id, self.content, self.length = id, content, length
        self.address = check.address()
        self.asked = 0
        self._listener = socket.create_server((self.address, 0))
        self.endpoint = f"{self.address}:{self._listener.getsockname()[1]}"
        check.on_close(self._listener.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _metadata(self):
        hex = self.id.encode()
        return (b"d9:file treed64:" + hex + b"d0:d6:lengthi%de11:pieces root32:" % self.length + bytes.fromhex(self.id)
                + b"eee12:meta versioni2e4:name64:" + hex + b"12:piece lengthi262144ee")

    def _accept(self):
        while True:
            try:
                peer = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._speak, args=(peer,), daemon=True).start()

    def _speak(self, peer):
        with peer, peer.makefile("rb") as stream:
            try:
                opening = stream.read(68)
                if opening[28:48] != bytes.fromhex(self.id)[:20]:
                    return
                peer.sendall(b"\x13BitTorrent protocol" + struct.pack(">Q", 1 << 20 | 1 << 2) + opening[28:48] + b"-SH0100-liar00000000")
                metadata = self._metadata()
                self._send(peer, 20, b"\0d1:md11:ut_metadatai2ee13:metadata_sizei%dee" % len(metadata))
                self._send(peer, 14)
                self._send(peer, 1)
                while True:
                    length = struct.unpack(">I", stream.read(4))[0]
                    message = stream.read(length)
                    if message[:2] == b"\x14\x02":
                        self.asked += 1
                        self._send(peer, 20, b"\x02d8:msg_typei1e5:piecei0e10:total_sizei%dee" % len(metadata) + metadata)
                    elif message[:1] == b"\x15":  # hash request: as many hashes as fit, none of them proven
                        base, index, count, proof = struct.unpack(">4I", message[33:49])
                        self._send(peer, 22, message[1:49] + bytes(32) * (count + proof))
                    elif message[:1] == b"\x06":
                        piece, begin, size = struct.unpack(">3I", message[1:13])
                        at = piece * 262144 + begin
                        self._send(peer, 7, message[1:9] + self.content[at:at + size])
            except (OSError, struct.error):
                return

    @staticmethod
    def _send(peer, kind, payload=b""):
        peer.sendall(struct.pack(">IB", 1 + len(payload), kind) + payload)


def a_liar_about_the_length_of_a_file_is_not_believed(check):
    share = check.share(_folder(check))
    for path, length in (("one.bin", 2 * MIB), ("sub/two.bin", 99_999), ("sub/two.bin", 64)):
        source = check.path("in", "album", path)
        id = _file(share, path)["id"]
        liar = _Liar(check, id, read(source), length)
        name = f"out {path.replace('/', ' ')} {length}"

        check.get(id, check.folder(name), "--peer", liar.endpoint, "--timeout", "3", code=3)
        expect(liar.asked > 0, "nobody asked the liar")
        expect(os.listdir(check.path(name)) == [], f"{os.listdir(check.path(name))}")
        check.get(id, check.path(name), "--peer", liar.endpoint, "--bootstrap", share.udp, "--timeout", "20")

        expect_same_file(source, check.path(name, id))


def sixty_four_bytes_come_by_their_id_only_if_the_link_says_so(check):
    source = write(check.path("in", "key"), 64)
    share = check.share(source)
    id = share.shared[0]["files"][0]["id"]
    expect(id == hashlib.sha256(read(source)).hexdigest(), f"{share.shared}")

    check.get(id, check.folder("out"), "--bootstrap", share.udp, "--timeout", "3", code=3)
    check.get(f"magnet:?xt=urn:btmh:1220{id}&xl=64&dn=key", check.folder("out"), "--bootstrap", share.udp, "--timeout", "20")

    expect_same_file(source, check.path("out", "key"))


def a_stranger_and_an_encrypted_stream_do_not_join_by_an_id(check):
    share = check.share(_folder(check))
    id = _file(share, "one.bin")["id"]
    for peer_id, answered in ((b"-XX0000-stranger0000", False), (b"-SH0100-kin000000000", True)):
        with socket.create_connection(tuple(_endpoint(share.tcp)), 5, source_address=(check.address(), 0)) as peer:
            peer.settimeout(10)
            peer.sendall(b"\x13BitTorrent protocol" + struct.pack(">Q", 1 << 20 | 1 << 2) + bytes.fromhex(id)[:20] + peer_id)
            said = _all(peer, 68)
        expect((said[28:48] == bytes.fromhex(id)[:20]) == answered, f"{peer_id}: {said[:68]}")

    encrypted = check.run("get", id, "-o", check.folder("out"), "--bootstrap", share.udp, "--encryption", "require", "--timeout", "3")
    encrypted.ends(3)


def thousands_of_keys_asked_for_keep_nobody_out(check):
    share = check.share(_folder(check))
    address = check.address()
    for i in range(2000):
        try:
            with socket.create_connection(tuple(_endpoint(share.tcp)), 5, source_address=(address, 0)) as peer:
                peer.sendall(b"\x13BitTorrent protocol" + struct.pack(">Q", 1 << 20 | 1 << 2) + hashlib.sha1(b"%d" % i).digest() + b"-SH0100-asks00000000")
        except OSError:
            continue  # it was turned away

    check.get(_file(share, "one.bin")["id"], check.folder("out"), "--bootstrap", share.udp, "--timeout", "20", seconds=30)


def _endpoint(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def _all(peer, count):
    data = b""
    try:
        while len(data) < count:
            part = peer.recv(count - len(data))
            if not part:
                break
            data += part
    except OSError:
        pass
    return data
