"""Hostile names and links, from outside: nothing is ever made, changed or read outside the folder that the user named."""

import hashlib
import os
import time

from harness import KIB, MB, expect, expect_same_file, tree, write


def _bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(_bencode, value)) + b"e"
    return b"d" + b"".join(_bencode(key) + _bencode(value[key]) for key in sorted(value)) + b"e"


def _v1(check, files, name=b"evil"):
    """A .torrent of v1 whose files are those bytes, with these path elements."""
    content = b"".join(data for _, data, _ in files)
    pieces = b"".join(hashlib.sha1(content[at:at + 16 * KIB]).digest() for at in range(0, len(content), 16 * KIB))
    listed = [{b"length": len(data), b"path": path, **more} for path, data, more in files]
    torrent = check.path("evil.torrent")
    with open(torrent, "wb") as file:
        file.write(_bencode({b"info": {b"files": listed, b"name": name, b"piece length": 16 * KIB, b"pieces": pieces}}))
    return torrent


def _outside(check):
    for name in ("a", "sub/a", "evil/a", "evil/sub/a"):
        write(check.path("outside", name), 10, seed="mine")
    return tree(check.path("outside"))


def a_torrent_with_the_same_name_twice_or_a_file_for_a_folder_harms_nothing(check):
    for paths in ([[b"a"], [b"a"]], [[b"a"], [b"a", b"b"]]):
        torrent = _v1(check, [(path, b"x" * 100, {}) for path in paths])
        ended = check.run("get", torrent, "-o", check.folder("out"), "--timeout", "2")
        code = ended.process.wait(20)
        expect(code in (1, 2, 3), f"{paths}: {code}")
        expect(ended.said.strip(), "it said nothing")


def links_of_a_torrent_that_lead_out_are_not_made(check):
    before = _outside(check)
    link = {b"attr": b"l", b"symlink path": [b"..", b"..", b"outside", b"a"]}
    torrent = _v1(check, [([b"a"], b"", link), ([b"b"], b"", {b"attr": b"l", b"symlink path": [b"/etc/passwd"]})])

    ended = check.run("get", torrent, "-o", check.folder("out"), "--timeout", "3")
    ended.process.wait(20)

    for here, _, files in os.walk(check.path("out")):
        for name in files:
            path = os.path.join(here, name)
            if os.path.islink(path):
                target = os.path.realpath(path)
                expect(target.startswith(os.path.realpath(check.path("out")) + os.sep), f"{path} leads to {target}")
    expect(tree(check.path("outside")) == before, "something outside was changed")


def a_link_in_the_target_is_not_followed(check):
    before = _outside(check)
    for i in range(3):
        write(check.path("evil", "sub" if i else "", f"{i}"), 50_000, seed=i)
    share = check.share(check.path("evil"))
    for link in ("evil", "evil/sub", f".shoal-{share.infohash[:16]}"):
        out = check.folder(f"out-{link.replace('/', '-')}")
        if "/" in link:
            os.makedirs(os.path.join(out, "evil"))
        os.symlink(check.path("outside"), os.path.join(out, link))
        for overwrite in ([], ["--overwrite"]):
            ended = check.get(share.link, out, "--timeout", "5", *overwrite, code=1)
            expect(ended.error["message"], "no message")
        expect(tree(check.path("outside")) == before, f"{link}: something outside was changed")


def a_folder_that_becomes_a_link_while_it_is_fetched_is_not_followed(check):
    before = _outside(check)
    for i in range(40):
        write(check.path("evil", "sub", f"{i:02}"), 100_000, seed=i)
    share = check.share(check.path("evil"), args=["--piece-length", "16KiB"])
    swapped = 0
    for i in range(6):
        out = check.folder(f"out{i}")
        staging = os.path.join(out, f".shoal-{share.infohash[:16]}")
        victim = [staging, os.path.join(staging, "evil"), os.path.join(staging, "evil", "sub")][i % 3]
        got = check.run("get", share.link, "-o", out, "--download-limit", "4MB", "--timeout", "5")
        check.until(10, "it begins", lambda: os.path.isdir(victim) or got.process.poll() is not None)
        time.sleep(0.1 * i)
        try:
            os.rename(victim, victim + ".moved")
            os.symlink(check.path("outside"), victim)
            swapped += 1
        except OSError:
            pass  # it was done before
        got.process.wait(40)
        expect(tree(check.path("outside")) == before, f"{victim}: something outside was changed")
    check.note(f"{swapped} folders became links")
    expect(swapped >= 3, f"only {swapped} folders could be exchanged")


def nothing_is_fetched_into_the_folder_of_the_store(check):
    source = write(check.path("in", "catalogue.db-journal"), 10_000)
    share = check.share(source)
    mine = write(check.path("mine"), 1000)
    own = check.share(mine)
    own.stop(0)

    refused = check.run("get", share.link, "-o", own.store, store=own.store).ends(1, 20)

    expect("store" in refused.error["message"], f"{refused.error}")
    expect(not os.path.exists(os.path.join(own.store, "catalogue.db-journal")), "it is there")
    items = check.plain("list", "--store", own.store).ends(0, 20).all("item")
    expect([i["id"] for i in items] == [own.infohash], f"listed: {items}")


def _kept(store):
    """What a store holds, but for the lock and what SQLite makes when it only reads: an index in memory, and an empty log."""
    return {name: data for name, data in tree(store).items() if name != b"lock" and not name.endswith(b"-shm") and (data or not name.endswith(b"-wal"))}


def a_store_of_a_newer_version_is_refused_and_unharmed(check):
    source = write(check.path("in", "x"), MB)
    share = check.share(source)
    share.stop(0)
    database = os.path.join(share.store, "catalogue.db")
    with open(database, "r+b") as file:
        file.seek(60)  # user_version
        file.write((99).to_bytes(4, "big"))
    before = _kept(share.store)

    for args in (["list"], ["verify"], ["remove", share.infohash], ["share", source, "--listen", check.address()]):
        refused = check.plain(*args, "--store", share.store).ends(1, 20)
        expect(refused.error["code"] == "store-newer", f"{refused.error}")

    after = _kept(share.store)
    expect(after == before, f"changed: {[n for n in after if after[n] != before.get(n)]}")


def a_damaged_catalogue_is_made_anew_with_one_sentence(check):
    source = write(check.path("in", "shared"), MB)
    share = check.share(source)
    other = write(check.path("in", "got"), 3 * MB)
    seed = check.share(other)
    share.stop(0)
    check.get(seed.link, check.folder("out"), store=share.store)
    database = os.path.join(share.store, "catalogue.db")
    for damage in ("header", "zero", "truncated", "page"):
        length = os.path.getsize(database)
        with open(database, "r+b") as file:
            if damage == "header":
                file.write(os.urandom(100))
            elif damage == "zero":
                file.truncate(0)
            elif damage == "truncated":
                file.truncate(length // 2)
            else:
                file.seek(4096 * 2)
                file.write(os.urandom(4096))

        listed = check.plain("list", "--store", share.store).ends(0, 20)
        told = listed.all("warning")
        again = check.plain("list", "--store", share.store).ends(0, 20)
        verified = check.plain("verify", "--store", share.store).ends(0, 20).all("verified")

        expect([w["code"] for w in told] == ["catalogue-restored"], f"{damage}: {told}")
        expect(len(listed.said.strip().splitlines()) == 1 and "damaged" in told[0]["message"] or damage == "zero", f"{damage}: {listed.said}")
        expect(not again.all("warning"), f"{damage}: told again: {again.all('warning')}")
        items = {i["id"]: i for i in listed.all("item")}
        expect(items.keys() == {share.infohash, seed.infohash} and all(i["have"] == i["length"] for i in items.values()), f"{damage}: {items}")
        expect(len(verified) == 2 and not any(v["bad"] for v in verified), f"{damage}: {verified}")
    kept = [name for name in os.listdir(share.store) if ".damaged" in name]
    expect(len(kept) >= 4, f"kept: {kept}")
    expect_same_file(other, check.path("out", "got"))
    check.note(told[0]["message"].replace(check.root, ""))


a_folder_that_becomes_a_link_while_it_is_fetched_is_not_followed.seconds = 120
