"""Bad input and a bad world: a message that says what to do, and the exit code of the contract."""

import os
import socket

from harness import MB, expect, expect_same_file, write

UNKNOWN = "ab" * 32


def what_cannot_be_read_as_a_link_is_wrong_usage(check):
    garbage = check.path("garbage.torrent")
    with open(garbage, "wb") as file:
        file.write(b"d4:infod4:name" + bytes(100))
    for link in ("nonsense", "ab" * 31, "magnet:?xt=urn:btmh:1220abcd", "magnet:?dn=nothing", garbage):
        got = check.get(link, check.folder("out"), code=2, seconds=10)
        expect(got.error["message"], f"no message for {link}")


def what_is_not_known_is_wrong_usage(check):
    source = write(check.path("in", "x"), 10)
    for args in (["get", UNKNOWN, "--no-such-option"], ["share", source, "--frobnicate", "3"], ["frobnicate"],
                 ["share", source, "--upload-limit", "much"], ["share", source, "--piece-length", "1000"], ["get"], ["node", "--port", "70000"]):
        refused = check.plain(*args, "--store", check.path("store")).ends(2, 10)
        expect(refused.said.strip(), f"{refused} said nothing")


def a_path_that_is_missing_is_a_failure(check):
    check.run("share", check.path("missing.bin")).ends(1, 10).error
    check.run("get", check.path("missing.torrent"), "-o", check.folder("out")).ends(1, 10).error


def names_that_leave_the_folder_are_refused(check):
    for name in (b"..", b".", b""):
        tree = b"d%d:%sd4:leafd0:d6:lengthi1e11:pieces root32:%seeee" % (len(name), name, b"r" * 32)
        torrent = check.path("escape.torrent")
        with open(torrent, "wb") as file:
            file.write(b"d4:infod9:file tree%s12:meta versioni2e4:name4:evil12:piece lengthi262144eee" % tree)
        check.get(torrent, check.folder("out"), code=2, seconds=10)
        expect(os.listdir(check.path("out")) == [], f"something was written for {name}")


def what_nobody_has_ends_with_3_in_time(check):
    node = check.run("node").listening()

    got = check.get(UNKNOWN, check.folder("out"), "--bootstrap", node.udp, "--timeout", "3", code=3, seconds=15)

    expect(2.5 <= got.took <= 8, f"it took {got.took:.1f} s")
    expect(got.error["code"] == "not-found", f"error: {got.error}")


def find_of_what_nobody_has_ends_with_3(check):
    node = check.run("node").listening()

    check.run("find", UNKNOWN, "--bootstrap", node.udp, "--timeout", "3").ends(3, 15)


def a_port_asked_for_by_name_that_is_taken_is_an_error(check):
    address, port = check.address(), check.port()
    for kind, options in ((socket.SOCK_STREAM, {"port": port}), (socket.SOCK_DGRAM, {"dht_port": port})):
        with socket.socket(socket.AF_INET, kind) as taken:
            taken.bind((address, port))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            refused = check.run("node", address=address, **options).ends(1, 10)
            expect(str(port) in refused.error["message"], f"does not name the port: {refused.said}")


def a_port_left_at_its_default_moves_up(check):
    address = check.address()
    nodes = [check.plain("node", "--store", check.path(f"n{i}"), "--listen", address, "--no-lan").listening() for i in (0, 1)]

    said = [n.event("listening") for n in nodes]

    expect(said[0]["tcp"] != said[1]["tcp"] and said[0]["udp"] != said[1]["udp"], f"listening: {said}")


def a_target_below_a_file_is_a_failure(check):
    source = write(check.path("in", "t.bin"), 100000)
    share = check.share(source)
    write(check.path("file"), 10)

    check.get(share.link, check.path("file", "below"), code=1, seconds=20).error


def a_read_only_target_is_a_failure(check):
    disk = check.mount("read-only", "ro,size=1m")
    source = write(check.path("in", "t.bin"), 100000)
    share = check.share(source)

    check.get(share.link, disk, code=1, seconds=20).error


def a_full_disk_is_a_failure_that_keeps_what_was_fetched(check):
    disk = check.mount("small", "size=6m")
    source = write(check.path("in", "big.bin"), 12 * MB)
    share = check.share(source)

    full = check.get(share.link, disk, code=1, seconds=30, store=check.path("mine"))
    expect("space" in full.error["message"].lower() or "full" in full.error["message"].lower(), f"message: {full.said}")
    check.get(share.link, check.folder("out"), store=check.path("mine"))

    expect_same_file(source, check.path("out", "big.bin"))


def an_unreadable_file_is_named(check):
    os.makedirs(check.path("in"))
    os.mkfifo(check.path("in", "pipe"))

    refused = check.run("share", check.path("in", "pipe")).ends(1, 10)

    expect("pipe" in refused.error["message"], f"message: {refused.said}")
