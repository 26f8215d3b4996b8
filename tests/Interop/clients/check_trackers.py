"""Trackers: programs that know nothing of each other but a tracker's URL find each other, over HTTP and over UDP."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time

import libtorrent_peer as client
from harness import KB, MB, Failed, Skipped, expect, expect_same_file, from_peer, write
from tracker import Tracker


_NUMBERS = itertools.count(1)


def _tracker(check, **options):
    """At an address of its own: for a minute libtorrent keeps the connection that it has with a UDP tracker by its address alone, whatever the port."""
    options.setdefault("address", f"127.77.{next(_NUMBERS)}.1")
    tracker = Tracker(**options)
    check.on_close(tracker.close)
    return tracker


def _bare(link):
    """Without addresses of peers."""
    return "&".join(part for part in link.split("&") if not part.startswith("x.pe="))


def _make_torrent(source, path, url, *flags):
    """A .torrent of a file with one tracker, as libtorrent writes it: a hybrid, or what the flag says; returns its infohashes."""
    lt = client.lt
    storage = lt.file_storage()
    lt.add_files(storage, source)
    creator = lt.create_torrent(storage, 0, *flags)
    creator.add_tracker(url)
    lt.set_piece_hashes(creator, os.path.dirname(source))
    with open(path, "wb") as file:
        file.write(lt.bencode(creator.generate()))
    return lt.torrent_info(path).info_hashes()


def _find_each_other(check, url, *args):
    source = write(check.path("in", "tracked.bin"), 3 * MB)
    share = check.share(source, args=["--tracker", url, *args])
    expect(f"&tr=" in share.link, f"no tracker in the link: {share.link}")

    got = check.get(_bare(share.link), check.folder("out"), "--timeout", "20")

    expect_same_file(source, check.path("out", "tracked.bin"))
    expect(from_peer(got.done, share.tcp) == 3 * MB, f"peers: {got.done['peers']}")
    return share, got


def two_nodes_find_each_other_by_an_http_tracker_and_say_every_event(check):
    tracker = _tracker(check)

    share, got = _find_each_other(check, tracker.http)
    share.event("serving", 10, where=lambda s: s["uploaded"] == 3 * MB)
    share.stop(0)

    said = [[a.event for a in tracker.announces(address=node.address)] for node in (share, got)]
    expect(said == [["started", "stopped"], ["started", "completed", "stopped"]], f"events: {said}")
    key = bytes.fromhex(share.infohash)[:20]
    expect({a.key for a in tracker.seen} == {key}, f"keys: {tracker.seen}")
    first, last = tracker.announces(address=got.address)[0], tracker.announces(address=got.address)[-1]
    expect(first.left > 0 and last.left == 0 and last.downloaded == 3 * MB, f"first {first}, last {last}")
    expect(tracker.announces(address=share.address)[-1].uploaded == 3 * MB, f"{tracker.announces(address=share.address)[-1]}")
    expect(f"{first.address}:{first.port}" == got.tcp, "another port than the one it listens on")


def two_nodes_find_each_other_by_a_udp_tracker_and_say_every_event(check):
    tracker = _tracker(check)

    share, got = _find_each_other(check, tracker.udp)
    share.stop(0)

    said = [[a.event for a in tracker.announces(address=node.address)] for node in (share, got)]
    expect(said == [["started", "stopped"], ["started", "completed", "stopped"]], f"events: {said}")
    expect({a.path for a in tracker.seen} == {"/announce"}, "the path of the URL did not come (BEP 41)")


def a_get_finds_a_share_by_a_tracker_over_ipv6(check):
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        raise Skipped(f"no IPv6: {error}") from None
    tracker = _tracker(check, address="::1")
    source = write(check.path("in", "six.bin"), 300 * KB)
    for url in (tracker.http, tracker.udp):
        share = check.share(source, args=["--tracker", url], address="::1")
        out = check.folder(f"out{url[:4]}")
        check.get(share.infohash, out, "--tracker", url, "--timeout", "20", address="::1")
        expect_same_file(source, os.path.join(out, "six.bin"))
        share.stop(0)
    expect({a.address for a in tracker.seen} == {"::1"}, f"{tracker.seen}")


def a_private_torrent_uses_its_trackers_and_nothing_else(check):
    tracker = _tracker(check)
    source = write(check.path("in", "private.bin"), MB)
    torrent = check.path("private.torrent")
    node = check.run("node").listening()
    share = check.share(source, args=["--private", "--tracker", tracker.http, "--bootstrap", node.udp, "--write-torrent", torrent])
    expect("x.pe" not in share.link and not share.all("warning"), f"{share.link} {share.all('warning')}")
    check.until(10, "the share is announced", lambda: tracker.announces("started"))

    got = check.get(torrent, check.folder("out"), "--timeout", "20", "--bootstrap", node.udp)
    lookup = check.run("find", share.infohash, "--timeout", "3", "--bootstrap", node.udp)

    expect_same_file(source, check.path("out", "private.bin"))
    expect(from_peer(got.done, share.tcp) == MB, f"peers: {got.done['peers']}")
    lookup.ends(3)
    expect(not share.all("announced"), f"announced in the DHT: {share.all('announced')}")
    share.stop(0)


def a_private_torrent_without_a_tracker_says_so(check):
    share = check.share(write(check.path("in", "p.bin"), 1000), args=["--private"])

    said = [w["message"] for w in share.all("warning") if w["code"] == "private"]
    expect(len(said) == 1 and "names no tracker" in said[0], f"{said}")


def a_tracker_that_does_not_help_is_told_of_in_a_sentence(check):
    tracker = _tracker(check)
    tracker.failure = "this torrent is not wanted here"
    dead = f"http://127.0.0.1:{check.port()}/announce?passkey=secret"
    source = write(check.path("in", "f.bin"), 1000)

    share = check.share(source, args=["--tracker", tracker.udp, "--tracker", dead])
    share.event("warning", 10, where=lambda w: w["code"] == "trackers" and ("not wanted here" in w["message"] or "nobody answers" in w["message"]))
    got = check.run("get", _bare(share.link), "-o", check.folder("out"), "--timeout", "3", "--verbose")
    got.ends(3)

    expect("not wanted here" in got.said and "nobody answers at its port" in got.said, f"{got.said}")
    expect("   at " not in got.said and "Exception" not in got.said and "secret" not in got.said.replace(_bare(share.link), ""), f"{got.said}")
    expect([w for w in got.all("warning") if w["code"] == "trackers"], "no warning, though nothing else worked")


def a_node_announces_what_it_serves_after_a_restart(check):
    tracker = _tracker(check)
    source = write(check.path("in", "kept.bin"), 300 * KB)
    share = check.share(source, args=["--tracker", tracker.udp])
    link, store = _bare(share.link), share.store
    share.stop(0)
    tracker.seen.clear()

    node = check.run("node", store=store).listening()
    check.get(link, check.folder("out"), "--timeout", "20")

    expect_same_file(source, check.path("out", "kept.bin"))
    expect([a.event for a in tracker.announces(address=node.address)] == ["started"], f"{tracker.seen}")


def find_asks_trackers_and_leaves_no_trace(check):
    tracker = _tracker(check)
    share = check.share(write(check.path("in", "found.bin"), 1000), args=["--tracker", tracker.http])
    check.until(10, "the share is announced", lambda: tracker.announces("started"))

    found = check.run("find", _bare(share.link), "--timeout", "20").ends(0)

    peer = found.event("peer", 1)
    expect((peer["address"], peer["via"]) == (share.tcp, "tracker"), f"{peer}")
    said = tracker.announces(address=found.address)
    expect([(a.event, a.port) for a in said] == [("started", 0), ("stopped", 0)], f"{said}")


def a_silent_tracker_does_not_hold_up_the_end(check):
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    silent.bind(("127.0.0.1", 0))
    hangs = socket.create_server(("127.0.0.1", 0))
    check.on_close(silent.close)
    check.on_close(hangs.close)
    share = check.share(write(check.path("in", "s.bin"), 1000), args=[
        "--tracker", f"udp://127.0.0.1:{silent.getsockname()[1]}", "--tracker", f"http://127.0.0.1:{hangs.getsockname()[1]}/announce"])
    silent.settimeout(10)
    silent.recv(100)

    begun = time.monotonic()
    share.stop(0)
    took = time.monotonic() - begun

    expect(took < 3, f"it took {took:.1f} s to stop")
    check.note(f"stopped in {took:.2f} s")


def libtorrent_and_share_find_each_other_by_a_tracker(check):
    check.note(client.needed())
    for proto in ("http", "udp"):
        tracker = _tracker(check)
        url = getattr(tracker, proto)
        source = write(check.path("in", f"{proto}.bin"), 2 * MB)
        share = check.share(source, args=["--tracker", url])

        peer = client.Peer(check).download(_bare(share.link), check.path(f"out-{proto}")).finishes()

        expect_same_file(source, check.path(f"out-{proto}", f"{proto}.bin"))
        expect(tracker.announces(address=peer.address) and tracker.announces(address=share.address), f"{tracker.seen}")


def _until_announced(check, peer, tracker, key):
    """libtorrent asks a tracker again after a minute if a datagram of the first time was lost."""
    for _ in range(5):
        try:
            check.until(10, "libtorrent is announced", lambda: tracker.announces(key=key))
            return
        except Failed:
            peer.torrent.force_reannounce()
    raise Failed("libtorrent is not announced")


def a_get_finds_libtorrent_by_a_tracker(check):
    check.note(client.needed())
    for proto in ("http", "udp"):
        tracker = _tracker(check)
        url = getattr(tracker, proto)
        source = write(check.path("in", f"{proto}.bin"), 2 * MB)
        torrent = check.path(f"{proto}.torrent")
        hashes = _make_torrent(source, torrent, url, client.lt.create_torrent.v2_only)
        seed = client.Peer(check).seed(torrent, check.path("in"))
        _until_announced(check, seed, tracker, hashes.v2.to_bytes()[:20])

        got = check.get(str(hashes.v2), check.folder(f"out-{proto}"), "--tracker", url, "--timeout", "30")

        expect_same_file(source, check.path(f"out-{proto}", f"{proto}.bin"))
        expect(from_peer(got.done, seed.endpoint) == 2 * MB, f"peers: {got.done['peers']}")


def a_hybrid_is_announced_under_both_names(check):
    check.note(client.needed())
    tracker = _tracker(check)
    source = write(check.path("in", "both.bin"), 2 * MB)
    torrent = check.path("both.torrent")
    hashes = _make_torrent(source, torrent, tracker.http)
    expect(hashes.has_v1() and hashes.has_v2(), "no hybrid")
    seed = client.Peer(check).seed(torrent, check.path("in"))

    got = check.get(torrent, check.folder("out"), "--timeout", "30")

    expect_same_file(source, check.path("out", "both.bin"))
    expect(from_peer(got.done, seed.endpoint) == 2 * MB, f"peers: {got.done['peers']}")
    keys = {hashes.v1.to_bytes(), hashes.v2.to_bytes()[:20]}
    expect({a.key for a in tracker.announces(address=got.address)} == keys, f"{tracker.announces(address=got.address)}")
    expect(sorted(a.event for a in tracker.announces(address=got.address)) == ["completed"] * 2 + ["started"] * 2 + ["stopped"] * 2, "events")


def aria2_reads_our_tracker_as_it_reads_others(check):
    """aria2 speaks v1 only, so that it cannot fetch from a share yet: it shows that the tracker these checks use is one."""
    if shutil.which("aria2c") is None:
        raise Skipped("no aria2c; Debian: apt install aria2")
    check.note(client.needed())
    tracker = _tracker(check)
    source = write(check.path("in", "old.bin"), 2 * MB)
    torrent = check.path("old.torrent")
    _make_torrent(source, torrent, tracker.http, client.lt.create_torrent.v1_only)
    seed = client.Peer(check).seed(torrent, check.path("in"))
    check.until(50, "libtorrent is announced", lambda: tracker.announces(address=seed.address))

    address = check.address()
    aria2 = subprocess.Popen(
        ["aria2c", "--no-conf", f"--interface={address}", f"--listen-port={check.port()}", f"--dir={check.folder('out')}", "--enable-dht=false", "--enable-dht6=false",
         "--bt-enable-lpd=false", "--enable-peer-exchange=false", "--seed-time=0", "--quiet", torrent], stdin=subprocess.DEVNULL)
    check.on_close(lambda: aria2.poll() is None and aria2.send_signal(signal.SIGKILL))
    check.until(40, "aria2 has all of it", lambda: aria2.poll() is not None)

    expect(aria2.returncode == 0, f"aria2 ended with {aria2.returncode}")
    expect_same_file(source, check.path("out", "old.bin"))
    expect(len(tracker.announces()) >= 2, f"{tracker.seen}")
