"""A peer of no use, in a process of its own: stall|lie ADDRESS KEY. It has everything, unchokes all, and then never answers, or answers every request with other bytes."""

import os
import socket
import struct
import sys
import threading

PROTOCOL = b"\x13BitTorrent protocol"
EXTENDED, FAST = 1 << 20, 1 << 2
UNCHOKE, REQUEST, PIECE, HAVE_ALL, EXTENSION, HASH_REQUEST, HASH_REJECT = 1, 6, 7, 14, 20, 21, 23


def read(connection, count):
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data


def serve(connection, key, lies):
    def say(kind, payload=b""):
        connection.sendall(struct.pack(">IB", 1 + len(payload), kind) + payload)

    try:
        read(connection, 68)
        connection.sendall(PROTOCOL + struct.pack(">Q", EXTENDED | FAST) + key + b"-XX0000-" + os.urandom(12))
        # who stalls also promises the metadata
        say(EXTENSION, b"\0d1:mdee" if lies else b"\0d1:md11:ut_metadatai3ee13:metadata_sizei300ee")
        say(HAVE_ALL)
        say(UNCHOKE)
        while True:
            length, = struct.unpack(">I", read(connection, 4))
            payload = read(connection, length)
            if not lies or not payload:
                continue
            if payload[0] == REQUEST:
                piece, begin, count = struct.unpack(">III", payload[1:])
                say(PIECE, struct.pack(">II", piece, begin) + os.urandom(count))
            elif payload[0] == HASH_REQUEST:
                say(HASH_REJECT, payload[1:])
    except OSError:
        connection.close()


def main():
    what, address, key = sys.argv[1:]
    listener = socket.create_server((address, 9000))
    print("{\"event\": \"ready\"}", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], bytes.fromhex(key)[:20], what == "lie"), daemon=True).start()


main()
