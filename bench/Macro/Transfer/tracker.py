"""A small HTTP tracker (BEP 3, compact answers as in BEP 23), for clients that find their peers no other way."""

import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Tracker:
    def __init__(self, address):
        peers = self.peers = []

        class Announce(BaseHTTPRequestHandler):
            def do_GET(self):
                if not self.path.startswith("/announce?"):
                    self.send_error(404)
                    return
                words = dict(word.partition("=")[::2] for word in self.path.partition("?")[2].split("&"))
                me = (self.client_address[0], int(words["port"]))
                others = [peer for peer in peers if peer != me]
                if me in peers and words.get("event") == "stopped":
                    peers.remove(me)
                elif me not in peers:
                    peers.append(me)
                compact = b"".join(socket.inet_aton(host) + struct.pack(">H", port) for host, port in others)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"d8:intervali1800e5:peers%d:%se" % (len(compact), compact))

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((address, 0), Announce)
        self.url = f"http://{address}:{self.server.server_port}/announce"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def wait_for(self, count):
        end = time.monotonic() + 120
        while len(self.peers) < count:
            if time.monotonic() > end:
                raise RuntimeError(f"only {len(self.peers)} of {count} announced themselves")
            time.sleep(0.02)
