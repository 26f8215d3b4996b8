"""Some of the files: get --only and links with so=, from libtorrent and from Shoal."""

import os

import libtorrent_peer as client
from harness import KB, MIB, expect, expect_no_leftovers, expect_same_tree, fetched, from_peer, read, tree, write

PIECE = 64 * 1024
LENGTHS = {"a.txt": 100 * KB, "docs/b.txt": 3 * MIB + 5, "docs/deep/c.txt": 77, "docs/deep/d.bin": 2 * MIB, "z.bin": 5 * MIB}


def _folder(check):
    for name, length in LENGTHS.items():
        write(check.path("in", "mixed", name), length)
    return check.path("in", "mixed")


def _seed(check, version):
    check.note(client.needed())
    link = client.make_torrent(_folder(check), check.path("mixed.torrent"), piece_length=PIECE, version=version)[1]
    return link, client.Peer(check).seed(check.path("mixed.torrent"), check.path("in"))


def _wanted(check, *names):
    return {os.fsencode(os.path.join("mixed", name)): read(check.path("in", "mixed", name)) for name in names}


def _some_and_then_the_rest(check, version):
    link, seed = _seed(check, version)
    out, store = check.folder("out"), check.path("store")
    chosen = ["docs/b.txt", "docs/deep/c.txt"]
    length = sum(LENGTHS[name] for name in chosen)

    first = check.get(link, out, "--only", "docs/**.txt", "--peer", seed.endpoint, store=store)
    expect_same_tree(_wanted(check, *chosen), out)
    expect(first.done["bytes"] == length, f"{first.done}")
    expect(first.event("metadata")["selected"] == {"files": 2, "length": length}, f"{first.event('metadata')}")
    expect(all(p["length"] in (0, length) for p in first.all("progress")), f"{first.all('progress')}")
    # In v1 the pieces at the borders bring bytes of the neighbours.
    expect(length <= fetched(first.done) <= length + 4 * PIECE, f"fetched {fetched(first.done)} for {length}")
    listed = check.plain("list", "--store", store).ends(0, 20).event("item")
    expect(length <= listed["have"] < listed["length"], f"{listed}")

    rest = check.get(link, out, "--peer", seed.endpoint, store=store)
    expect_same_tree(check.path("in"), out)
    expect_no_leftovers(out)
    expect(fetched(rest.done) <= sum(LENGTHS.values()) - length, f"fetched {fetched(rest.done)} of the rest")
    expect(from_peer(rest.done, seed.endpoint) == fetched(rest.done), f"{rest.done}")
    listed = check.plain("list", "--store", store).ends(0, 20).event("item")
    expect(listed["have"] == listed["length"], f"{listed}")


def libtorrent_gives_some_files_of_v1_and_then_the_rest(check):
    _some_and_then_the_rest(check, "v1")


def libtorrent_gives_some_files_of_v2_and_then_the_rest(check):
    _some_and_then_the_rest(check, "v2")


def libtorrent_gives_some_files_of_a_hybrid_and_then_the_rest(check):
    _some_and_then_the_rest(check, "hybrid")


def a_link_selects_by_number(check):
    share = check.share(_folder(check))
    names = [f["path"] for f in share.shared[0]["files"]]

    got = check.get(share.link + "&so=0,3-4", check.folder("out"))

    chosen = [names[i] for i in (0, 3, 4)]
    expect_same_tree(_wanted(check, *chosen), check.path("out"))
    expect_no_leftovers(check.path("out"))
    expect(got.done["bytes"] == sum(LENGTHS[n] for n in chosen) == fetched(got.done), f"{got.done}")


def a_part_is_served_to_libtorrent_and_survives_a_restart(check):
    link, seed = _seed(check, "v1")
    store = check.path("store")
    check.get(link, check.folder("part"), "--only", "docs/b.txt", "--peer", seed.endpoint, store=store)
    seed.close()
    node = check.run("node", store=store).listening()

    peer = client.Peer(check).download(check.path("mixed.torrent"), check.folder("out"), peer=node.tcp)
    pieces = (LENGTHS["docs/b.txt"] // PIECE) - 1
    check.until(30, "libtorrent has the file's pieces", lambda: peer.torrent.status().num_pieces >= pieces)


def a_pattern_that_names_no_file_is_an_error_that_lists_some(check):
    share = check.share(_folder(check))

    refused = check.get(share.link, check.folder("out"), "--only", "DOCS/*", code=1)

    expect(refused.error["code"] == "no-such-file" and "docs/b.txt" in refused.error["message"], f"{refused.error}")
    expect(not tree(check.path("out")), f"made: {tree(check.path('out'))}")


def numbers_that_are_none_are_wrong_usage(check):
    share = check.share(_folder(check))

    refused = check.get(share.link + "&so=1-x", check.folder("out"), code=2)

    expect("so=" in refused.error["message"], f"{refused.error}")


def two_gets_of_different_files_act_on_one_store(check):
    share = check.share(_folder(check))
    holder = check.run("get", share.link, "-o", check.folder("out"), "--only", "a.txt", "--seed")
    holder.event("done", 30)

    second = check.plain("get", share.link, "-o", check.path("out"), "--only", "z.bin", "--store", holder.store).ends(0, 30)

    expect_same_tree(_wanted(check, "a.txt", "z.bin"), check.path("out"))
    expect(second.done["bytes"] == 5 * MIB, f"{second.done}")
