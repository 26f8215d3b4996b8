"""Web servers as sources of last resort (BEP 19)."""

import http.server
import os
import threading
import urllib.parse

from harness import MB, expect, expect_same_file, expect_same_tree, from_peer, write


class _Server:
    """Files of a folder over HTTP; counts what it is asked."""

    def __init__(self, check, folder, ranges=True, spoils=False, moved_to=None, status=None):
        self.asked, self.connections, self.sent = [], 0, 0
        outer = self

        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                outer.connections += 1

            def log_message(self, *args):
                pass

            def do_GET(self):
                outer.asked.append((self.path, self.headers.get("Range")))
                if moved_to:
                    return self._head(302, 0, Location=moved_to + self.path)
                if status and len(outer.asked) <= status[1]:
                    return self._head(status[0], 0)
                path = os.path.join(folder, urllib.parse.unquote(self.path).lstrip("/"))
                if not os.path.isfile(path):
                    return self._head(404, 0)
                size = os.path.getsize(path)
                begin, end = 0, size - 1
                asked = self.headers.get("Range") if ranges else None
                if asked:
                    begin, _, end = asked[len("bytes="):].partition("-")
                    begin, end = int(begin), min(int(end), size - 1)
                    self._head(206, end - begin + 1, **{"Content-Range": f"bytes {begin}-{end}/{size}"})
                else:
                    self._head(200, size)
                with open(path, "rb") as file:
                    file.seek(begin)
                    data = file.read(end - begin + 1)
                outer.sent += len(data)
                try:
                    self.wfile.write(bytes(len(data)) if spoils else data)
                except OSError:
                    self.close_connection = True  # whoever asked has left

            def _head(self, code, length, **headers):
                self.send_response(code)
                for name, value in {"Content-Length": str(length), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer((check.address(), check.port()), Answer)
        self.server.daemon_threads = True
        self.url = "http://%s:%d/" % self.server.server_address
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        check.on_close(self.server.shutdown)


def _torrent(check, source, *urls, hybrid=False):
    """Made by a share that is gone again."""
    torrent = check.path("made.torrent")
    args = [a for url in urls for a in ("--web-seed", url)] + (["--hybrid"] if hybrid else [])
    share = check.share(source, args=["--write-torrent", torrent, *args])
    share.stop()
    return torrent, share


def a_get_with_nobody_but_a_web_seed(check):
    source = write(check.path("in", "a file #1.bin"), 12 * MB + 5)
    server = _Server(check, check.path("in"))
    torrent, share = _torrent(check, source, server.url)
    expect("&ws=" in share.link, f"no web seed in the link: {share.link}")

    got = check.get(torrent, check.folder("out"), seconds=30)

    expect_same_file(source, check.path("out", "a file #1.bin"))
    expect(from_peer(got.done, server.url) == 12 * MB + 5, f"peers: {got.done['peers']}")
    expect(got.done["peers"][0]["client"] == "web seed", f"client: {got.done['peers'][0]}")
    expect(server.connections <= 3, f"{server.connections} connections")
    check.note(f"{len(server.asked)} requests, {server.connections} connections, {got.done['seconds']} s")


def a_get_of_a_folder_from_a_web_seed(check):
    for i, length in enumerate([3 * MB + 5, 0, 1, 100000, 2 * MB]):
        write(check.path("in", "my folder", f"süb {i % 2}", f"file {i}?"), length)
    server = _Server(check, check.path("in"))
    torrent, _ = _torrent(check, check.path("in", "my folder"), server.url, hybrid=True)

    check.get(torrent, check.folder("out"), seconds=30)

    expect_same_tree(check.path("in"), check.path("out"))


def a_web_seed_helps_a_slow_peer(check):
    source = write(check.path("in", "slow.bin"), 8 * MB)
    server = _Server(check, check.path("in"))
    share = check.share(source, args=["--web-seed", server.url, "--upload-limit", "200KB"])

    got = check.get(share.link, check.folder("out"), seconds=30)

    expect_same_file(source, check.path("out", "slow.bin"))
    expect(from_peer(got.done, server.url) > 5 * MB, f"peers: {got.done['peers']}")
    expect(from_peer(got.done, share.tcp) > 0, f"peers: {got.done['peers']}")
    check.note(f"{got.done['seconds']} s where the peer alone takes 40")


def a_web_seed_is_left_alone_while_peers_give_enough(check):
    source = write(check.path("in", "fast.bin"), 40 * MB)
    server = _Server(check, check.path("in"))
    share = check.share(source, args=["--web-seed", server.url, "--upload-limit", "10MB"])

    check.get(share.link, check.folder("out"), seconds=30)

    expect_same_file(source, check.path("out", "fast.bin"))
    expect(not server.asked, f"asked: {server.asked[:3]}")


def a_web_seed_that_lies_is_not_asked_again(check):
    source = write(check.path("in", "true.bin"), 4 * MB)
    server = _Server(check, check.path("in"), spoils=True)
    share = check.share(source, args=["--web-seed", server.url, "--upload-limit", "400KB"])

    check.get(share.link, check.folder("out"), seconds=40)

    expect_same_file(source, check.path("out", "true.bin"))
    expect(server.asked, "it was never asked")
    expect(server.sent < 8 * MB, f"it was asked again and again: {server.sent} bytes")
    check.note(f"{len(server.asked)} requests to the liar")


def a_web_seed_without_ranges_gives_small_files_only(check):
    write(check.path("in", "both", "large.bin"), 3 * MB)
    small = write(check.path("in", "small.bin"), 50000)
    server = _Server(check, check.path("in"), ranges=False)
    torrent, _ = _torrent(check, check.path("in", "both"), server.url)
    check.get(torrent, check.folder("out"), "--timeout", "8", code=3, seconds=30)
    expect(len(server.asked) == 1, f"asked: {server.asked}")

    torrent, _ = _torrent(check, small, server.url)
    check.get(torrent, check.folder("out"), seconds=30)

    expect_same_file(small, check.path("out", "small.bin"))


def a_web_seed_that_is_busy_is_asked_again(check):
    source = write(check.path("in", "busy.bin"), 2 * MB)
    server = _Server(check, check.path("in"), status=(503, 2))
    torrent, _ = _torrent(check, source, server.url)

    check.get(torrent, check.folder("out"), seconds=40)

    expect_same_file(source, check.path("out", "busy.bin"))
    expect(len(server.asked) >= 3, f"asked: {server.asked}")


def a_web_seed_that_moved_is_followed(check):
    source = write(check.path("in", "moved.bin"), 2 * MB)
    there = _Server(check, check.path("in"))
    here = _Server(check, check.path("in"), moved_to=there.url.rstrip("/"))
    torrent, _ = _torrent(check, source, here.url)

    check.get(torrent, check.folder("out"), seconds=30)

    expect_same_file(source, check.path("out", "moved.bin"))
    expect(there.sent >= 2 * MB and here.sent == 0, f"sent: {there.sent}")


def a_web_seed_keeps_to_the_download_limit(check):
    source = write(check.path("in", "limit.bin"), 4 * MB)
    server = _Server(check, check.path("in"))
    torrent, _ = _torrent(check, source, server.url)

    got = check.get(torrent, check.folder("out"), "--download-limit", "1MB", seconds=40)

    expect(3.2 < got.done["transferSeconds"] < 12, f"{got.done['transferSeconds']} s for 4 MB at 1 MB/s")
    check.note(f"{got.done['transferSeconds']} s for 4 MB at 1 MB/s")
