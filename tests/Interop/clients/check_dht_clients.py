"""Clients of v1 find their peers through a DHT that our nodes make: to it an infohash is a key like any other."""

import os
import shutil
import socket
import subprocess

import krpc
import libtorrent_peer as client
from harness import KIB, Skipped, expect, expect_same_file, write
from lan import Lan

try:
    import libtorrent as lt
except ImportError:
    lt = None


def _v1_torrent(content, path):
    storage = lt.file_storage()
    lt.add_files(storage, content)
    creator = lt.create_torrent(storage, 16 * KIB, lt.create_torrent.v1_only)
    lt.set_piece_hashes(creator, os.path.dirname(content))
    with open(path, "wb") as file:
        file.write(lt.bencode(creator.generate()))
    infohash = str(lt.torrent_info(path).info_hashes().v1)
    return infohash, f"magnet:?xt=urn:btih:{infohash}"


def _seeded(check, address, node_udp):
    """A small torrent, seeded by libtorrent, whose DHT begins at our node."""
    source = write(check.path("in", "old.bin"), 100 * KIB)
    infohash, magnet = _v1_torrent(source, check.path("old.torrent"))
    seed = client.Peer(check, dht=True, address=address)
    seed.join(node_udp)
    seed.seed(check.path("old.torrent"), check.path("in"))
    return source, infohash, magnet, seed


def _needs(program, package):
    if shutil.which(program) is None:
        raise Skipped(f"no {program}; Debian: apt install {package}")


def _started(check, argv):
    process = subprocess.Popen(argv, cwd=check.root, env=check.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end():
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()

    check.on_close(end)
    return process


def aria2_finds_a_peer_through_our_nodes(check):
    check.note(client.needed())
    _needs("aria2c", "aria2")
    nodes = [check.run("node").listening()]
    nodes += [check.run("node", "--bootstrap", nodes[0].udp).listening() for _ in range(3)]
    source, infohash, magnet, seed = _seeded(check, None, nodes[1].udp)

    def announced():
        seed.torrent.force_dht_announce()
        return check.plain("dht", "lookup", infohash, "--store", nodes[2].store).ends(0, 20).all("peer")

    check.until(30, "libtorrent has announced", announced)
    address = check.address()
    aria2 = _started(check, [
        "aria2c", "--no-conf", "--enable-dht=true", f"--dht-entry-point={nodes[3].udp}", f"--dht-file-path={check.path('dht.dat')}", f"--dht-listen-port={check.port()}",
        f"--listen-port={check.port()}", f"--interface={address}", "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--seed-time=0", f"--dir={check.folder('out')}", "--quiet", magnet])
    check.until(60, "aria2 has it", lambda: aria2.poll() is not None)

    expect(aria2.returncode == 0, f"aria2 ended with {aria2.returncode}")
    expect_same_file(source, check.path("out", "old.bin"))


aria2_finds_a_peer_through_our_nodes.seconds = 120


def transmission_finds_a_peer_through_our_nodes(check):
    check.note(client.needed())
    _needs("transmission-daemon", "transmission-daemon")
    _needs("transmission-remote", "transmission-cli")
    lan = Lan(check)
    here, there, asking = lan.hosts
    node = here.run("node", "--no-lan").listening()
    nodes = [node]
    for _ in range(11):  # transmission announces nothing and asks for nobody before it knows more than eight
        nodes.append(here.run("node", "--no-lan", "--bootstrap", f"{here.address}:8468").listening())
    with there.entered():
        source, infohash, magnet, seed = _seeded(check, there.address, f"{here.address}:8468")

    def announced():
        seed.torrent.force_dht_announce()
        return here.run_on(node, "dht", "lookup", infohash).ends(0, 20).all("peer")

    check.until(30, "libtorrent has announced", announced)
    config = check.folder("transmission")
    ports = [int(node.event("listening")["udp"].rpartition(":")[2]) for node in nodes]
    with open(os.path.join(config, "dht.dat"), "wb") as file:  # as if it had been here; a dht.bootstrap is read one line in half a minute
        file.write(krpc.encode({"id": os.urandom(20), "nodes": b"".join(socket.inet_aton(here.address) + port.to_bytes(2, "big") for port in ports)}))
    inside = ["ip", "netns", "exec", asking.space]
    _started(check, [*inside, "transmission-daemon", "-f", "-g", config, "-w", check.folder("out"), "--dht", "--no-utp", "--no-lpd", "--no-portmap", "--no-auth", "--port", "9091"])
    check.until(20, "transmission takes a torrent", lambda: subprocess.run(
        [*inside, "transmission-remote", "127.0.0.1:9091", "-a", magnet], capture_output=True, timeout=10).returncode == 0)
    check.until(150, "transmission has it", lambda: os.path.isfile(check.path("out", "old.bin")))

    expect_same_file(source, check.path("out", "old.bin"))


transmission_finds_a_peer_through_our_nodes.seconds = 220
