"""Ends: each signal, each command, the exit code of the contract."""

import signal

from harness import MB, expect_same_file, write


def share_ends_with_0_on_either_signal(check):
    source = write(check.path("in", "s.bin"), 100000)
    for number in (signal.SIGTERM, signal.SIGINT):
        check.share(source).stop(0, number=number)


def node_ends_with_0_on_either_signal(check):
    for number in (signal.SIGTERM, signal.SIGINT):
        check.run("node").listening().stop(0, number=number)


def get_stopped_before_done_ends_with_143_on_sigterm(check):
    source = write(check.path("in", "slow.bin"), 20 * MB)
    share = check.share(source, args=["--upload-limit", "2MB"])
    got = check.run("get", share.link, "-o", check.folder("out"))
    got.event("progress", where=lambda p: p["bytes"] > 0)

    got.stop(143)


def get_that_seeds_ends_with_0_after_done(check):
    source = write(check.path("in", "seed.bin"), 2 * MB)
    share = check.share(source)
    first = check.run("get", share.link, "-o", check.folder("first"), "--seed")
    first.event("done")
    share.stop(0)

    check.get(share.infohash, check.folder("second"), "--peer", first.tcp, "--timeout", "20")

    expect_same_file(source, check.path("second", "seed.bin"))
    first.stop(0, number=signal.SIGINT)


def a_get_survives_the_death_of_one_of_two_sources(check):
    source = write(check.path("in", "two.bin"), 16 * MB)
    shares = [check.share(source, args=["--upload-limit", "3MB"]) for _ in range(2)]
    got = check.run("get", shares[0].infohash, "-o", check.folder("out"), "--peer", shares[0].tcp, "--peer", shares[1].tcp)
    got.event("progress", where=lambda p: p["bytes"] > 3 * MB)

    shares[0].kill()
    got.ends(0, 30)

    expect_same_file(source, check.path("out", "two.bin"))
