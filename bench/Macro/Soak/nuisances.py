"""Peers of no use: each comes, does one thing that no peer should, and goes. Being closed is what they expect."""

import os
import socket
import struct
import time

from harness import KIB
from raw_peer import PROTOCOL, RawPeer

INTERESTED, REQUEST, EXTENSION, HAVE_NONE = 2, 6, 20, 15


def vanish(node, visit, torrent, chance):
    for _ in range(chance.randrange(1, 30)):
        peer = RawPeer(visit, node.tcp, torrent.infohash if chance.random() < 0.3 else None)
        peer.vanish() if chance.random() < 0.5 else peer.socket.close()


def half_open(node, visit, torrent, chance):
    """As much of a handshake as it likes, and no more."""
    handshake = PROTOCOL + bytes(8) + bytes.fromhex(torrent.infohash[:40]) + os.urandom(20)
    peers = [RawPeer(visit, node.tcp) for _ in range(chance.randrange(1, 30))]
    for peer in peers:
        peer.socket.sendall(handshake[:chance.randrange(68)])
    time.sleep(chance.uniform(0, 15))


def silent(node, visit, torrent, chance):
    RawPeer(visit, node.tcp, torrent.infohash, peer_id=b"-XX0000-" + os.urandom(12))
    time.sleep(chance.uniform(0, 60))


def slow_reader(node, visit, torrent, chance):
    """Asks for what it may, and reads a kilobyte at a time."""
    peer = _interested(node, visit, torrent)
    for i in range(chance.randrange(1, 400)):
        peer.send(REQUEST, struct.pack(">III", 0, i % 16 * 16 * KIB, 16 * KIB))
    for _ in range(chance.randrange(100)):
        if not peer.socket.recv(KIB):
            return
        time.sleep(0.2)
    peer.vanish()


def flood(node, visit, torrent, chance):
    """Asks by the thousand, and never reads."""
    peer = _interested(node, visit, torrent)
    for _ in range(50):
        peer.socket.sendall(struct.pack(">IBIII", 13, REQUEST, 0, 0, 16 * KIB) * 1000)


def garbage(node, visit, torrent, chance):
    """Anything at all, before or after a handshake, or as a message of its own."""
    kind = chance.randrange(3)
    peer = RawPeer(visit, node.tcp, torrent.infohash if kind else None, peer_id=b"-XX0000-" + os.urandom(12))
    for _ in range(chance.randrange(1, 50)):
        body = os.urandom(chance.randrange(1, 2000))
        peer.socket.sendall(body if kind < 2 else struct.pack(">I", len(body)) + bytes([chance.randrange(24)]) + body[1:])
    peer.is_closed(chance.uniform(0, 5))


def too_long(node, visit, torrent, chance):
    peer = RawPeer(visit, node.tcp, torrent.infohash, peer_id=b"-XX0000-" + os.urandom(12))
    peer.socket.sendall(struct.pack(">IB", chance.choice([2 << 20, 0xFFFFFFFF]), chance.randrange(24)))
    peer.is_closed(5)


def huge_metadata(node, visit, torrent, chance):
    peer = RawPeer(visit, node.tcp, torrent.infohash, peer_id=b"-XX0000-" + os.urandom(12))
    peer.send(EXTENSION, b"\x00d1:md11:ut_metadatai3e6:ut_pexi1ee13:metadata_sizei2147483647ee")
    time.sleep(chance.uniform(0, 10))


def datagrams(node, visit, torrent, chance):
    """To the DHT: noise, and queries that lie about their sender."""
    host, _, port = node.udp.rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((visit.address(), 0))
        for _ in range(chance.randrange(1, 300)):
            query = b"d1:ad2:id20:" + os.urandom(20) + b"9:info_hash20:" + bytes.fromhex(torrent.infohash[:40]) + b"e1:q9:get_peers1:t2:aa1:y1:qe"
            sender.sendto(chance.choice([query, query[:chance.randrange(len(query))], os.urandom(chance.randrange(1500))]), (host, int(port)))


def _interested(node, visit, torrent):
    peer = RawPeer(visit, node.tcp, torrent.infohash, peer_id=b"-XX0000-" + os.urandom(12))
    peer.send(HAVE_NONE)
    peer.send(INTERESTED)
    return peer


ALL = [vanish, half_open, silent, slow_reader, flood, garbage, too_long, huge_metadata, datagrams]
