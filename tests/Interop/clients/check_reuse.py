"""Content by name: what a store has under any name is found by its ID, and is not downloaded again."""

import os

from harness import MIB, PIECE, expect, expect_same_file, expect_same_tree, fetched, read, write

SIZE = int(os.environ.get("SHOAL_CHECK_MIB", "100")) * MIB  # 1024: the proof in full
FILES = 100


def _sent(check, share, least):
    """Payload that the sender counts, as its status says once that is drawn anew."""
    def uploaded():
        return check.plain("status", share.infohash, "--store", share.store).ends(0, 20).event("status")["uploaded"]
    check.until(10, "the sender counts what was received", lambda: uploaded() >= least)
    return uploaded()


def a_folder_that_shares_nine_tenths_of_its_files_costs_a_tenth_of_it(check):
    for i in range(FILES):
        name = f"{i // 10}/{i}.bin"
        theirs = write(check.path("b", name), SIZE // FILES, seed=i)
        if i % 10 == 0:
            write(check.path("a", name), SIZE // FILES, seed=1000 + i)
        else:
            os.makedirs(check.path("a", f"other names {i // 10}"), exist_ok=True)
            os.link(theirs, check.path("a", f"other names {i // 10}", f"{i} too"))
    store = check.path("mine")
    check.share(check.path("a"), store=store, args=["--piece-length", "1MiB"]).stop(0)
    share = check.share(check.path("b"))

    got = check.get(share.link, check.folder("out"), store=store, seconds=_reuse_seconds)

    expect_same_tree(check.path("b"), check.path("out", "b"))
    sent = _sent(check, share, fetched(got.done))
    expect(sent == fetched(got.done), f"sent {sent}, received {fetched(got.done)}")
    expect(sent <= 0.11 * SIZE, f"{sent} of {SIZE} bytes crossed the wire")
    expect(got.done["reused"] >= 0.89 * SIZE, f"done: {got.done}")
    check.note(f"{sent / SIZE:.2%} of {SIZE // MIB} MiB crossed the wire, in {got.done['seconds']} s")


def two_versions_of_a_file_share_their_chunks(check):
    length = SIZE // 2
    old = write(check.path("old", "file.bin"), length)
    new = bytearray(read(old))
    changed = range(0, length // PIECE, 20)
    for chunk in changed:
        new[chunk * PIECE + 1000] ^= 1
    os.makedirs(check.path("new"))
    with open(check.path("new", "version 2.bin"), "wb") as file:
        file.write(new + b"and a little more")
    store = check.path("mine")
    check.share(old, store=store).stop(0)
    share = check.share(check.path("new", "version 2.bin"))

    got = check.get(share.link, check.folder("out"), store=store, seconds=_reuse_seconds)

    expect_same_file(check.path("new", "version 2.bin"), check.path("out", "version 2.bin"))
    sent, least = _sent(check, share, fetched(got.done)), len(changed) * PIECE
    expect(least <= sent <= least + PIECE, f"{sent} of {length} bytes crossed the wire, {least} were changed")
    check.note(f"{sent} of {length} bytes crossed the wire, {least} in changed chunks")


def an_id_finds_what_the_store_holds_wherever_it_lies(check):
    one = write(check.path("in", "one.bin"), 5 * PIECE + 100)
    write(check.path("in", "folder", "more.bin"), 1000)
    os.link(one, check.path("in", "folder", "again"))
    share = check.share(one, check.path("in", "folder"))
    listed = check.plain("list", "--files", "--chunks", "--store", share.store).ends(0, 20).all("item")
    file = next(i for i in listed if i["kind"] == "file" and i["name"] == "one.bin")
    chunk = next(i for i in listed if i["kind"] == "chunk" and i["name"] == "one.bin #2")

    def find(id, code=0):
        return check.plain("find", "--local", id, "--store", share.store).ends(code, 20)

    torrents, files, chunks = find(share.infohash).all("item"), find(file["id"]).all("item"), find(chunk["id"]).all("item")
    expect([(i["kind"], i["path"]) for i in torrents] == [("torrent", one)], f"found: {torrents}")
    expect({(i["kind"], i["path"], i["have"]) for i in files} == {("file", p, 5 * PIECE + 100) for p in (one, check.path("in", "folder", "again"))}, f"found: {files}")
    expect({(i["kind"], i["path"], i["offset"], i["length"]) for i in chunks}
           == {("chunk", p, 2 * PIECE, PIECE) for p in (one, check.path("in", "folder", "again"))}, f"found: {chunks}")
    expect({i["torrent"] for i in chunks} == {s["infohash"] for s in share.shared}, f"found: {chunks}")
    expect(find("ab" * 32, code=3).error["code"] == "not-held", "an ID that nobody has was found")
    share.stop(0)
    expect(find(chunk["id"]).all("item") == chunks, "found otherwise when nobody holds the store")


_reuse_seconds = 60 if SIZE <= 100 * MIB else 400
a_folder_that_shares_nine_tenths_of_its_files_costs_a_tenth_of_it.seconds = 2 * _reuse_seconds
two_versions_of_a_file_share_their_chunks.seconds = 2 * _reuse_seconds
