"""How torrents stand, and why one does not go: asked of whoever holds the store, while it happens."""

import contextlib
import os
import socket
import threading

import libtorrent_peer as client
from harness import KB, MB, expect, fetched, write


def _why(check, store, link):
    return check.plain("why", link, "--store", store).ends(0, 20).event("why")


def _until_cause(check, got, link, cause):
    got.listening()
    found = check.until(30, f"the cause is {cause}", lambda: next((w for w in [_why(check, got.store, link)] if w["cause"] == cause), None))
    check.note(found["message"])
    return found


def _share(check, *args, length=8 * MB):
    return check.share(write(check.path("in", "film.bin"), length), args=args)


def status_shows_a_download_as_it_goes(check):
    share = _share(check, "--upload-limit", "1MB")
    got = check.run("get", share.link, "-o", check.folder("out"))
    got.event("progress", 30, where=lambda p: p["bytes"] > 0)

    status = check.plain("status", share.infohash, "--store", got.store).ends(0, 20).event("status")
    theirs = check.plain("status", "--store", share.store).ends(0, 20).event("status")

    expect(status["phase"] == "downloading" and status["name"] == "film.bin" and status["cause"] == "goes", f"{status}")
    expect(0 < status["bytes"] < status["length"] == status["total"] == 8 * MB and status["downloadRate"] > 0, f"{status}")
    pieces = status["pieces"]
    expect(pieces["missing"] + pieces["have"] == pieces["count"] == len(pieces["strip"]) and pieces["copies"][1] == pieces["missing"], f"{pieces}")
    peer = status["peers"][0]
    expect(len(status["peers"]) == 1 and peer["address"] == share.tcp and peer["seed"] and not peer["choking"] and peer["window"] > 0, f"{peer}")
    expect(theirs["phase"] == "complete" and theirs["uploadLimit"] == MB and theirs["peers"][0]["sent"] > 0, f"{theirs}")
    expect(theirs["cause"] == "done" and theirs["incoming"] == 1, f"{theirs}")


def status_shows_what_nobody_serves(check):
    share = _share(check)
    share.stop(0)

    status = check.plain("status", "--store", share.store).ends(0, 20).event("status")

    expect(status["phase"] == "idle" and status["bytes"] == status["length"] == 8 * MB and not status["peers"], f"{status}")


def status_is_drawn_for_people(check):
    share = _share(check)

    said = check.plain("status", "--store", share.store, json_output=False).ends(0, 20)

    text = "".join(said.lines)
    expect("film.bin  complete, served" in text and "100 %" in text and "8.00 MB of 8.00 MB" in text, text)


def why_says_that_nobody_has_it(check):
    node = check.run("node").listening()
    link = "ab" * 32
    got = check.run("get", link, "-o", check.folder("out"), "--bootstrap", node.udp)

    why = _until_cause(check, got, link, "nobody-has-it")

    expect(why["peers"] == why["known"] == 0 and why["contacts"] > 0, f"{why}")


def why_says_that_no_node_is_known(check):
    got = check.run("get", "ab" * 32, "-o", check.folder("out"))

    _until_cause(check, got, "ab" * 32, "no-contacts")


def why_says_that_nobody_can_be_reached(check):
    got = check.run("get", "ab" * 32, "-o", check.folder("out"), "--peer", f"{check.address()}:{check.port()}")

    why = _until_cause(check, got, "ab" * 32, "cannot-connect")

    expect(why["known"] == 1 and why["failed"] > 0 and why["incoming"] == 0, f"{why}")


def why_says_that_our_limit_is_reached(check):
    share = _share(check)
    got = check.run("get", share.link, "-o", check.folder("out"), "--download-limit", "500kB")

    why = _until_cause(check, got, share.link, "our-limit")

    expect(why["downloadLimit"] == 500 * KB and why["downloadRate"] > 0, f"{why}")


def why_says_that_nobody_has_these_pieces(check):
    share = check.share(_folder(check))
    part = check.run("get", share.link, "-o", check.folder("part"), "--only", "a.bin", "--seed")
    part.event("done", 30)
    share.stop(0)
    got = check.run("get", share.link, "-o", check.folder("out"), "--peer", part.tcp)

    why = _until_cause(check, got, share.link, "nobody-has-these-pieces")

    expect(0 < why["missing"] == why["withNobody"] and why["peers"] == 1, f"{why}")


def why_says_that_all_choke_us(check):
    check.note(client.needed())
    source = write(check.path("in", "film.bin"), 8 * MB)
    torrent = check.path("film.torrent")
    infohash = client.make_torrent(source, torrent)[0]
    got = check.run("get", torrent, "-o", check.folder("out"), "--peer", _who_never_unchokes(check, infohash))

    why = _until_cause(check, got, infohash, "all-choke-us")

    expect(why["useful"] == why["choking"] == 1, f"{why}")


def _who_never_unchokes(check, infohash):
    """A peer that has everything, says so, and no more; returns where it listens."""
    listener = socket.create_server((check.address(), check.port()))
    check.on_close(listener.close)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                peer = listener.accept()[0]
                check.on_close(peer.close)
                fast = bytes([0, 0, 0, 0, 0, 0, 0, 4])
                peer.sendall(b"\x13BitTorrent protocol" + fast + bytes.fromhex(infohash)[:20] + b"-XX0000-" + os.urandom(12))
                peer.sendall(bytes([0, 0, 0, 1, 14]))  # have all (BEP 6)

    threading.Thread(target=serve, daemon=True).start()
    return "%s:%d" % listener.getsockname()


def why_says_that_no_command_fetches_it(check):
    share = check.share(_folder(check))
    got = check.get(share.link, check.folder("out"), "--only", "a.bin")
    expect(fetched(got.done) == MB, f"{got.done}")

    why = _why(check, got.store, share.infohash)

    expect(why["cause"] == "not-fetching", f"{why}")


def why_of_what_is_not_here_is_an_error(check):
    said = check.plain("why", "cd" * 32, "--store", check.path("store")).ends(1, 20)

    expect(said.error["code"] == "not-held", f"{said.error}")


def _folder(check):
    write(check.path("in", "two", "a.bin"), MB)
    write(check.path("in", "two", "b.bin"), 2 * MB)
    return os.path.join(check.path("in"), "two")
