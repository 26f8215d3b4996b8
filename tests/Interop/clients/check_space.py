"""Where things lie and what they take: own copies, repair, relocation, pins, collection, quota. Each alone, and through a node that holds the store."""

import os
import shutil

from harness import MB, PIECE, expect, expect_no_leftovers, expect_same_file, expect_same_tree, read, write


def _rot(path, at, text=b"rot"):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(text)


def _item(check, store, infohash):
    return [i for i in check.plain("list", "--store", store).ends(0, 20).all("item") if i["id"] == infohash]


def share_copy_serves_what_it_copied_when_the_original_changes_and_goes(check):
    kept = write(check.path("kept", "tree", "a.bin"), 3 * MB)
    source = write(check.path("in", "tree", "a.bin"), 3 * MB)
    write(check.path("kept", "tree", "sub", "b.txt"), 1000)
    write(check.path("in", "tree", "sub", "b.txt"), 1000)
    share = check.share(check.path("in", "tree"), args=["--copy"])

    _rot(source, MB)
    shutil.rmtree(check.path("in", "tree", "sub"))
    check.get(share.link, check.folder("out"))
    share.stop(0)
    node = check.run("node", store=share.store).listening()
    check.get(share.infohash, check.folder("again"), "--peer", node.tcp, "--timeout", "20")
    du = check.plain("du", "--store", share.store).ends(0, 20).all("du")

    expect_same_tree(check.path("kept", "tree"), check.path("out", "tree"))
    expect_same_tree(check.path("kept", "tree"), check.path("again", "tree"))
    expect(os.path.exists(kept) and os.path.exists(source), "an original is gone")
    expect(du[0]["kind"] == "copied" and du[0]["brought"] == 3 * MB + 1000, f"du: {du}")
    node.stop(0)
    check.plain("remove", share.infohash, "--store", share.store).ends(0, 20)
    expect(os.listdir(os.path.join(share.store, "copies")) == [], "the store's copy is left over")


def verify_says_which_files_and_pieces_and_repair_fetches_them(check):
    for name in ("a.bin", "b.bin"):
        write(check.path("in", "tree", name), 2 * MB, seed=name)
    share = check.share(check.path("in", "tree"))
    got = check.get(share.link, check.folder("out"))
    alone, held = got.store, check.path("held")
    check.get(share.link, check.folder("out2"), store=held)
    node = check.run("node", store=held).listening()

    for out, store, more in (("out", alone, ["--listen", check.address(), "--no-lan"]), ("out2", held, [])):
        bad = check.path(out, "tree", "b.bin")
        _rot(bad, 2 * PIECE + 5)
        os.remove(check.path(out, "tree", "a.bin"))
        said = check.plain("verify", share.infohash, "--store", store).ends(4, 20).event("verified")
        files = {f["path"]: f for f in said["files"]}
        expect(files["a.bin"]["bad"] == (2 * MB + PIECE - 1) // PIECE and files["b.bin"]["bad"] == 1, f"{out}: {said}")
        expect(files["b.bin"]["pieces"] == [len(files["a.bin"]["pieces"]) + 2], f"{out}: {said}")

        fixed = check.plain("verify", share.infohash, "--repair", "--peer", share.tcp, "--store", store, *more).ends(0, 60)

        expect(fixed.event("repaired")["pieces"] == said["bad"], f"{out}: {fixed.all('repaired')}")
        expect_same_tree(check.path("in", "tree"), check.path(out, "tree"))
        expect_no_leftovers(check.path(out))
        check.plain("verify", "--store", store).ends(0, 20)
    node.stop(0)


def repair_leaves_shared_files_alone_unless_told(check):
    source = write(check.path("in", "mine.bin"), 2 * MB)
    share = check.share(source)
    check.get(share.link, check.folder("out"))
    good = check.run("get", share.link, "-o", check.path("out"), "--seed")
    good.event("done", 20)
    share.stop(0)
    _rot(source, MB)
    rotten = read(source)
    network = ["--store", share.store, "--listen", check.address(), "--no-lan", "--peer", good.tcp]

    left = check.plain("verify", "--repair", *network).ends(4, 30)
    untouched = read(source) == rotten
    check.plain("verify", "--repair", "--shared", *network).ends(0, 30)

    expect(untouched and "--shared" in left.error["message"], f"left: {left.said}")
    expect_same_file(check.path("out", "mine.bin"), source)
    check.plain("verify", "--repair", "--shared", "--peer", good.tcp, "--store", share.store, "--listen", check.address(), "--no-lan").ends(0, 30)


def repair_that_nobody_can_help_with_says_3(check):
    share = check.share(write(check.path("in", "lone.bin"), MB))
    got = check.get(share.link, check.folder("out"))
    share.kill()
    _rot(check.path("out", "lone.bin"), 5)

    ended = check.plain("verify", "--repair", "--timeout", "2", "--store", got.store, "--listen", check.address(), "--no-lan").ends(3, 30)
    refused = check.plain("verify", "--timeout", "2", "--store", got.store).ends(2, 20)

    expect(ended.error["code"] == "not-found", f"{ended.error}")
    expect("--repair" in refused.error["message"], f"{refused.error}")


def relocate_serves_on_from_the_new_place_and_refuses_other_content(check):
    source = write(check.path("in", "moved.bin"), 3 * MB)
    share = check.share(source)
    share.stop(0)
    store = share.store
    other = write(check.path("other.bin"), 3 * MB, seed="other")
    os.rename(source, check.path("first.bin"))
    os.symlink(check.path("first.bin"), check.path("link.bin"))

    for wrong in (other, check.path("link.bin"), check.path("nowhere"), "/dev/null", check.folder("folder")):
        refused = check.plain("relocate", share.infohash, wrong, "--store", store).ends(1, 20)
        expect(refused.error["code"] in ("target-exists", "no-such-path"), f"{wrong}: {refused.error}")
    expect(_item(check, store, share.infohash)[0]["path"] == source, "moved to what it is not")
    check.plain("relocate", share.infohash, check.path("first.bin"), "--store", store).ends(0, 20).event("relocated")
    node = check.run("node", store=store).listening()
    check.get(share.infohash, check.folder("out"), "--peer", node.tcp, "--timeout", "20")
    os.rename(check.path("first.bin"), check.path("second.bin"))
    check.plain("verify", "--store", store).ends(4, 20)
    check.plain("relocate", share.infohash, other, "--store", store).ends(1, 20)
    check.plain("relocate", share.infohash, check.path("second.bin"), "--store", store).ends(0, 20)
    check.get(share.infohash, check.folder("again"), "--peer", node.tcp, "--timeout", "20")

    for out in ("out", "again"):
        expect_same_file(check.path("second.bin"), check.path(out, "moved.bin"))
    node.stop(0)


def gc_evicts_the_least_recently_used_but_neither_pins_nor_shares_nor_last_copies(check):
    names = ("a", "b", "c")
    shares = {n: check.share(write(check.path("in", n + ".bin"), MB, seed=n)) for n in names}
    store, out = check.path("mine"), check.folder("out")
    own = check.share(write(check.path("own.bin"), MB, seed="own"), store=store)
    own.stop(0)
    for n in names:
        check.get(shares[n].link, out, store=store)
    check.plain("pin", shares["a"].infohash, "--store", store).ends(0, 20)
    expect(_item(check, store, shares["a"].infohash)[0]["pinned"], "not pinned")

    dry = check.plain("gc", "--keep", "2MB", "--dry-run", "--store", store).ends(0, 20)
    expect(dry.event("evicted")["name"] == "b.bin" and os.path.exists(os.path.join(out, "b.bin")), f"dry: {dry.events}")
    check.plain("gc", "--keep", "2MB", "--store", store).ends(0, 20)
    expect(sorted(os.listdir(out)) == ["a.bin", "c.bin"], f"left: {os.listdir(out)}")
    expect(os.path.exists(check.path("own.bin")), "a shared source is gone")

    node = check.run("node", store=store).listening()
    kept = check.plain("gc", "--keep", "0", "--store", store).ends(1, 30)
    expect([k["reason"] for k in kept.all("kept")] == ["pinned"], f"kept: {kept.all('kept')}")
    expect(os.listdir(out) == ["a.bin"], f"left: {os.listdir(out)}")
    check.plain("unpin", shares["a"].infohash, "--store", store).ends(0, 20)
    check.plain("gc", "--keep", "0", "--store", store).ends(0, 30)
    node.stop(0)

    expect(os.listdir(out) == [], f"left: {os.listdir(out)}")
    expect([i["name"] for i in check.plain("list", "--store", store).ends(0, 20).all("item")] == ["own.bin"], "not only the share is left")


def gc_keeps_the_last_copy_known(check):
    share = check.share(write(check.path("in", "last.bin"), MB), args=["--copy"])
    share.stop(0)
    os.remove(check.path("in", "last.bin"))

    kept = check.plain("gc", "--keep", "0", "--store", share.store).ends(1, 20)
    expect(kept.event("kept")["reason"] == "last-copy", f"{kept.events}")
    expect(_item(check, share.store, share.infohash)[0]["have"] == MB, "gone")
    check.plain("gc", "--keep", "0", "--last", "--store", share.store).ends(0, 20)

    expect(not _item(check, share.store, share.infohash), "still there")


def a_quota_refuses_before_the_first_byte_or_makes_room(check):
    first = check.share(write(check.path("in", "first.bin"), MB, seed=1))
    second = check.share(write(check.path("in", "second.bin"), MB, seed=2))
    store, out = check.path("mine"), check.folder("out")
    check.get(first.link, out, "--quota", "1.5MB", store=store)

    refused = check.get(second.link, out, code=1, store=store)
    expect(refused.error["code"] == "over-quota" and os.listdir(out) == ["first.bin"], f"{refused.error}, {os.listdir(out)}")
    node = check.run("node", store=store).listening()
    held = check.plain("get", second.link, "-o", out, "--store", store).ends(1, 30)
    expect(held.error["code"] == "over-quota", f"{held.error}")
    made = check.plain("get", second.link, "-o", out, "--make-room", "--store", store).ends(0, 30)
    expect(made.event("evicted")["name"] == "first.bin" and os.listdir(out) == ["second.bin"], f"{made.events}")
    total = check.plain("du", "--store", store).ends(0, 20).all("du")[-1]
    expect(total["id"] is None and total["quota"] == 1_500_000 and total["brought"] == MB, f"{total}")
    check.plain("get", first.link, "-o", out, "--quota", "0", "--store", store).ends(0, 30)
    node.stop(0)


def du_counts_once_what_two_torrents_have(check):
    for folder in ("one", "two"):
        write(check.path(folder, "same.bin"), 2 * MB, seed="same")
        write(check.path(folder, "own.bin"), 1000, seed=folder)
    share = check.share(check.path("one"), check.path("two"))

    held = check.plain("du", "--store", share.store).ends(0, 20).all("du")
    share.stop(0)
    alone = check.plain("du", "--store", share.store).ends(0, 20).all("du")

    for du in (held, alone):
        expect([d["bytes"] for d in du] == [2 * MB + 1000, 2 * MB + 1000, 2 * MB + 2000], f"du: {du}")
        expect([d["common"] for d in du] == [2 * MB, 2 * MB, 2 * MB], f"du: {du}")
        expect(du[-1]["id"] is None and du[0]["kind"] == "shared", f"du: {du}")


verify_says_which_files_and_pieces_and_repair_fetches_them.seconds = 120
gc_evicts_the_least_recently_used_but_neither_pins_nor_shares_nor_last_copies.seconds = 120
