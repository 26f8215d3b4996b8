"""A connection that says what it is told to, and nothing else."""

import os
import socket
import struct
import time

PROTOCOL = b"\x13BitTorrent protocol"
EXTENDED, FAST = 1 << 20, 1 << 2


class RawPeer:
    """Connected, and with an infohash introduced as a peer of that torrent."""

    def __init__(self, check, endpoint, infohash=None, address=None, peer_id=b"-XX0000-hostile-0001"):
        host, _, port = endpoint.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), 5, source_address=(address or check.address(), 0))
        self.socket.settimeout(10)
        check.on_close(self.socket.close)
        if infohash:
            self.socket.sendall(PROTOCOL + struct.pack(">Q", EXTENDED | FAST) + bytes.fromhex(infohash[:40]) + peer_id)
            self.read(68)

    def send(self, kind, payload=b""):
        self.socket.sendall(struct.pack(">IB", 1 + len(payload), kind) + payload)

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise ConnectionError("closed")
            data += part
        return data

    def vanish(self):
        """Ends without a word: the other side's next send is answered with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def is_closed(self, seconds):
        """Whether the other side ends the connection in time, whatever it says before."""
        self.socket.settimeout(seconds)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                if not self.socket.recv(1 << 16):
                    return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False
