"""Contents of every shape, from one Shoal to another."""

import os

from harness import KIB, MIB, PIECE, expect, expect_no_leftovers, expect_same_file, expect_same_tree, tree, write

SIZES = {"zero": 0, "one": 1, "block less one": 16 * KIB - 1, "block": 16 * KIB, "block and one": 16 * KIB + 1,
         "piece less one": PIECE - 1, "piece": PIECE, "piece and one": PIECE + 1, "many": 5 * PIECE + 12345}


def a_file_comes_over_by_its_link(check):
    source = write(check.path("in", "movie.bin"), 10 * MIB)
    share = check.share(source)
    shared = share.shared[0]
    expect(shared["name"] == "movie.bin" and shared["length"] == 10 * MIB, f"shared: {shared}")
    expect(shared["link"].startswith(f"magnet:?xt=urn:btmh:1220{shared['infohash']}"), f"link: {shared['link']}")
    expect(f"x.pe={share.tcp}" in shared["link"].replace("%3A", ":"), f"no address of ours in {shared['link']}")
    expect(shared["pieceLength"] == PIECE and len(shared["files"]) == 1, f"shared: {shared}")

    got = check.get(share.link, check.folder("out"))

    done = got.done
    expect_same_file(source, check.path("out", "movie.bin"))
    expect_no_leftovers(check.path("out"))
    expect(done["path"] == check.path("out", "movie.bin"), f"path: {done['path']}")
    expect(done["bytes"] == 10 * MIB and done["reused"] == 0, f"done: {done}")
    expect([p["address"] for p in done["peers"]] == [share.tcp], f"peers: {done['peers']}")
    expect(done["peers"][0]["bytes"] == 10 * MIB, f"peers: {done['peers']}")
    metadata = got.event("metadata")
    expect(metadata["kind"] == "torrent" and metadata["id"] == share.infohash, f"metadata: {metadata}")
    check.note(f"{done['seconds']} s from the start of the process")


def files_of_every_size_come_over_one_by_one(check):
    paths = [write(check.path("in", name), length) for name, length in SIZES.items()]
    share = check.share(*paths)

    for shared in share.shared:
        check.get(shared["link"], check.folder("out"))

    expect_same_tree(check.path("in"), check.path("out"))


def a_folder_with_files_of_every_size_comes_over(check):
    for name, length in SIZES.items():
        write(check.path("in", "sizes", name), length)
    share = check.share(check.path("in", "sizes"))

    got = check.get(share.link, check.folder("out"))

    expect_same_tree(check.path("in"), check.path("out"))
    expect(got.done["path"] == check.path("out", "sizes"), f"path: {got.done['path']}")


def names_come_over_as_they_are(check):
    names = ["with some  spaces.txt", " leading and trailing ", "emoji 🐟🌊.txt", "combining e\u0301 a\u0308", "composed \u00fc",
             "魚" * 85, "x" * 255, "-dash", "quote ' and \" and `", "percent%20 # ? & =", ".hidden", "مرحبا", "CON", "ends with.",
             "/".join(["a rather deep folder"] * 25) + "/leaf"]
    for i, name in enumerate(names):
        write(check.path("in", "nasty names 🐠", name), 1000 + i, seed=i)
    share = check.share(check.path("in", "nasty names 🐠"))

    check.get(share.link, check.folder("out"))

    expect_same_tree(check.path("in"), check.path("out"))
    listed = {f["path"] for f in share.shared[0]["files"]}
    expect(listed == set(names), f"files: {sorted(listed ^ set(names))[:3]}")


def links_are_followed_only_inside_the_folder(check):
    inside = write(check.path("in", "linked", "real", "file"), 50000)
    outside = write(check.path("elsewhere", "secret"), 60000)
    os.symlink("real/file", check.path("in", "linked", "inside"))
    os.symlink(outside, check.path("in", "linked", "outside"))
    os.symlink("nowhere", check.path("in", "linked", "dangling"))
    os.symlink("..", check.path("in", "linked", "real", "loop"))
    share = check.share(check.path("in", "linked"))

    check.get(share.link, check.folder("out"))

    got = tree(check.path("out", "linked"))
    expect_same_file(inside, check.path("out", "linked", "inside"))
    expect_same_file(inside, check.path("out", "linked", "real", "file"))
    expect(b"outside" not in got and b"dangling" not in got, f"got: {sorted(got)}")
    expect(len(got) < 10, f"the loop was followed: {len(got)} files")


def two_thousand_small_files_come_over(check):
    for i in range(2000):
        write(check.path("in", "many", f"folder {i % 20}", f"file {i}"), 4096 if i % 3 else i, seed=i)
    share = check.share(check.path("in", "many"))

    got = check.get(share.link, check.folder("out"))

    expect_same_tree(check.path("in"), check.path("out"))
    check.note(f"{got.done['seconds']} s")


def a_folder_of_one_file_is_a_single_file(check):
    source = write(check.path("in", "box", "only.bin"), 100000)
    share = check.share(check.path("in", "box"))

    got = check.get(share.link, check.folder("out"))

    expect_same_file(source, got.done["path"])


def the_plain_output_of_share_holds_the_link(check):
    source = write(check.path("in", "plain.bin"), 100000)
    share = check.run("share", source, json_output=False)

    link = check.until(20, "a link in the output of share", lambda: next(
        (word for line in list(share.lines) for word in line.split() if word.startswith("magnet:?")), None))
    check.run("get", link, "-o", check.folder("out"), json_output=False).ends(0, 30)

    expect_same_file(source, check.path("out", "plain.bin"))


def inspect_says_what_a_torrent_holds(check):
    write(check.path("in", "seen", "a"), 300000)
    write(check.path("in", "seen", "b"), 5)
    torrent = check.path("seen.torrent")
    share = check.share(check.path("in", "seen"), args=["--write-torrent", torrent])

    by_file = check.plain("inspect", torrent).ends(0, 20).event("metadata")
    by_link = check.run("inspect", share.link).ends(0, 20)

    expect(by_file["id"] == share.infohash and by_file["name"] == "seen", f"metadata: {by_file}")
    expect({f["path"]: f["length"] for f in by_file["files"]} == {"a": 300000, "b": 5}, f"files: {by_file['files']}")
    expect([f["id"] for f in by_file["files"]] == [f["id"] for f in share.shared[0]["files"]], "other file IDs than share's")
    expect(by_link.event("link")["infohash"] == share.infohash, "the link event names something else")
    expect(by_link.event("metadata")["files"] == by_file["files"], "a link says other files than its .torrent")
