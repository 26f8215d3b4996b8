"""A DHT node of few words, in plain Python: sends any query and reads the answer. It shares no code with the program."""

import os
import socket


def encode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"


def decode(data, at=0):
    """The value that begins there, and where it ends."""
    first = data[at:at + 1]
    if first == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    if first in (b"l", b"d"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = decode(data, at)
            items.append(item)
        return (items if first == b"l" else dict(zip(items[::2], items[1::2]))), at + 1
    colon = data.index(b":", at)
    end = colon + 1 + int(data[at:colon])
    return data[colon + 1:end], end


class Stranger:
    def __init__(self, check, address):
        self.id = os.urandom(20)
        self.heard = []
        self._socket = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.settimeout(2)
        check.on_close(self._socket.close)

    @property
    def port(self):
        return self._socket.getsockname()[1]

    def ask(self, endpoint, verb, read_only=True, **arguments):
        """The whole answer; what else arrives meanwhile is kept in `heard`."""
        host, _, port = endpoint.rpartition(":")
        transaction = os.urandom(2)
        message = {"a": {"id": self.id, **arguments}, "q": verb, "t": transaction, "y": "q"}
        if read_only:
            message["ro"] = 1
        self._socket.sendto(encode(message), (host.strip("[]"), int(port)))
        while True:
            answer, _ = decode(self._socket.recv(4096))
            if answer.get(b"t") == transaction and answer[b"y"] != b"q":
                return answer
            self.heard.append(answer)

    def listen(self, seconds):
        """Whatever arrives in so long, unasked for."""
        self._socket.settimeout(seconds)
        try:
            while True:
                self.heard.append(decode(self._socket.recv(4096))[0])
        except TimeoutError:
            return self.heard
        finally:
            self._socket.settimeout(2)
