"""One store: resumed, reused, and shared by several commands."""

import os
import signal

from harness import MB, PIECE, expect, expect_no_leftovers, expect_same_file, fetched, read, write

LARGE = 30 * MB
FEW = 8 * PIECE


def _half_way(check, link, out, store):
    """A get that is known to have proven about half."""
    got = check.run("get", link, "-o", out, "--download-limit", "8MB", store=store)
    got.event("progress", where=lambda p: p["bytes"] > LARGE * 0.45)
    return got


def _expect_resumed(check, share, source, out, store, had):
    expect(not os.path.exists(os.path.join(out, "large.bin")), "the file has its name before it is whole")

    done = check.get(share.link, out, store=store).done

    expect_same_file(source, os.path.join(out, "large.bin"))
    expect_no_leftovers(out)
    expect(fetched(done) <= LARGE - had + FEW, f"fetched {fetched(done)} though {had} of {LARGE} were there")
    expect(done["reused"] >= had - FEW, f"reused {done['reused']} of {had}")
    check.note(f"had {had}, fetched {fetched(done)} of {LARGE}")


def a_get_killed_half_way_goes_on_where_it_was(check):
    source = write(check.path("in", "large.bin"), LARGE)
    share, out, store = check.share(source), check.folder("out"), check.path("mine")
    got = _half_way(check, share.link, out, store)

    got.kill()

    _expect_resumed(check, share, source, out, store, got.all("progress")[-1]["bytes"])


def a_get_stopped_by_ctrl_c_says_130_and_goes_on_where_it_was(check):
    source = write(check.path("in", "large.bin"), LARGE)
    share, out, store = check.share(source), check.folder("out"), check.path("mine")
    got = _half_way(check, share.link, out, store)

    got.stop(130, number=signal.SIGINT)

    _expect_resumed(check, share, source, out, store, got.all("progress")[-1]["bytes"])


def several_commands_act_through_the_node_that_holds_the_store(check):
    store = check.path("shared-store")
    node = check.run("node", store=store).listening()
    mine = write(check.path("in", "mine.bin"), 3 * MB)
    theirs = write(check.path("elsewhere", "theirs.bin"), 2 * MB)
    other = check.share(theirs, args=["--bootstrap", node.udp])

    share = check.plain("share", mine, "--store", store)
    shared = share.event("shared", 20)
    got = check.plain("get", other.link, "-o", check.folder("out"), "--store", store).ends(0, 30)
    listed = check.plain("list", "--store", store).ends(0, 20)
    found = check.plain("find", other.infohash, "--store", store, "--timeout", "10").ends(0, 20)
    outside = check.get(shared["link"], check.folder("outside"))

    expect_same_file(theirs, check.path("out", "theirs.bin"))
    expect(got.done["bytes"] == 2 * MB, f"done: {got.done}")
    expect_same_file(mine, check.path("outside", "mine.bin"))
    expect(outside.done["peers"][0]["address"] == node.tcp, f"served by {outside.done['peers']}")
    items = {i["id"]: i for i in listed.all("item") if i["kind"] == "torrent"}
    expect(items.keys() == {shared["infohash"], other.infohash}, f"listed: {listed.all('item')}")
    expect(all(i["have"] == i["length"] for i in items.values()), f"listed: {items}")
    expect(other.tcp in {p["address"] for p in found.all("peer")}, f"found: {found.all('peer')}")
    share.stop(0)
    check.plain("list", "--store", store).ends(0, 20)


def a_second_node_on_a_store_is_refused(check):
    node = check.run("node").listening()

    second = check.run("node", store=node.store).ends(1, 20)

    expect(second.error["message"], "no message")


def a_killed_holder_does_not_lock_its_store(check):
    node = check.run("node").listening()
    node.kill()

    check.run("node", store=node.store).listening().stop(0)


def a_node_serves_what_its_store_holds(check):
    source = write(check.path("in", "kept.bin"), 3 * MB)
    share = check.share(source)
    share.stop(0)
    node = check.run("node", store=share.store).listening()

    check.get(share.infohash, check.folder("out"), "--peer", node.tcp, "--timeout", "20")

    expect_same_file(source, check.path("out", "kept.bin"))


def what_was_got_is_listed_verified_and_forgotten(check):
    source = write(check.path("in", "life.bin"), 2 * MB)
    share = check.share(source)
    got = check.get(share.link, check.folder("out"))
    path = check.path("out", "life.bin")

    listed = check.plain("list", "--store", got.store).ends(0, 20).all("item")
    verified = check.plain("verify", "--store", got.store).ends(0, 20).event("verified")
    with open(path, "r+b") as file:
        file.seek(MB)
        file.write(b"rot")
    rotten = check.plain("verify", share.infohash, "--store", got.store).ends(4, 20).event("verified")
    check.plain("remove", share.infohash, "--store", got.store).ends(0, 20)
    after = check.plain("list", "--store", got.store).ends(0, 20).all("item")

    expect([i["id"] for i in listed] == [share.infohash] and listed[0]["have"] == 2 * MB, f"listed: {listed}")
    expect(verified["bad"] == 0 and verified["ok"] == 8, f"verified: {verified}")
    expect(rotten["bad"] == 1 and rotten["ok"] == 7, f"rotten: {rotten}")
    expect(not after and os.path.exists(path), f"after remove: {after}")


def remove_deletes_what_was_downloaded_only_when_told(check):
    source = write(check.path("in", "gone.bin"), MB)
    share = check.share(source)
    got = check.get(share.link, check.folder("out"))

    check.plain("remove", share.infohash, "--delete-files", "--store", got.store).ends(0, 20)
    share.stop(0)
    check.plain("remove", share.infohash, "--delete-files", "--store", share.store).ends(0, 20)

    expect(not os.path.exists(check.path("out", "gone.bin")), "what was downloaded is still there")
    expect(os.path.exists(source), "what was shared was deleted")


def other_content_at_the_target_is_not_overwritten(check):
    source = write(check.path("in", "target.bin"), 2 * MB)
    share = check.share(source)
    present = write(check.path("out", "target.bin"), 2 * MB, seed="other")
    before = read(present)

    refused = check.get(share.link, check.path("out"), code=1)
    untouched = read(present) == before
    check.get(share.link, check.path("out"), "--overwrite")

    expect(untouched, "it was touched")
    expect("overwrite" in refused.error["message"] + refused.said, f"does not say what to do: {refused.said}")
    expect_same_file(source, present)
    expect_no_leftovers(check.path("out"))


def the_same_content_at_the_target_is_not_fetched(check):
    source = write(check.path("in", "same.bin"), 4 * MB)
    share = check.share(source)
    write(check.path("out", "same.bin"), 4 * MB)

    done = check.get(share.link, check.path("out")).done

    expect(done["reused"] == 4 * MB and fetched(done) == 0, f"done: {done}")
    expect_same_file(source, check.path("out", "same.bin"))


def a_changed_source_is_not_served(check):
    source = write(check.path("in", "moving.bin"), 2 * MB)
    share = check.share(source)
    write(source, 2 * MB, seed="changed")
    os.utime(source, (1, 1))

    got = check.run("get", share.link, "-o", check.folder("out"), "--timeout", "4")
    code = got.process.wait(30)

    expect(code in (1, 3), f"ended with {code}")
    expect(not os.path.exists(check.path("out", "moving.bin")), "it was published")
