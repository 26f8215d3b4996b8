"""The claim that the project was founded on, in figures: more sources, each with the same uplink, are faster."""

from harness import MB, expect, expect_same_file, from_peer, write

HUNDRED = 100 * MB


def limits_hold_within_five_percent(check):
    source = write(check.path("in", "limited.bin"), 15 * MB)
    share = check.share(source)

    done = check.get(share.link, check.folder("out"), "--download-limit", "5MB").done

    took = done["transferSeconds"]
    expect(15 / 5.25 - 0.1 <= took <= 15 / 4.75 + 0.2, f"15 MB at 5 MB/s took {took} s")
    check.note(f"15 MB at --download-limit 5MB: {took} s")


def three_sources_are_three_times_as_fast_as_one(check):
    source = write(check.path("in", "hundred.bin"), HUNDRED)
    shares = [check.share(source, args=["--upload-limit", "5MB"]) for _ in range(3)]

    one = check.get(shares[0].infohash, check.folder("one"), "--peer", shares[0].tcp).done
    three = check.get(shares[0].infohash, check.folder("three"), *[a for share in shares for a in ("--peer", share.tcp)]).done

    for name in ("one", "three"):
        expect_same_file(source, check.path(name, "hundred.bin"))
    parts = [from_peer(three, share.tcp) for share in shares]
    check.note(f"one source {one['seconds']} s, three {three['seconds']} s (transfer {three['transferSeconds']} s), bytes of each {parts}")
    expect(19 <= one["seconds"] <= 21.5, f"one source took {one['seconds']} s")
    expect(three["seconds"] <= 7.3, f"three sources took {three['seconds']} s, bytes of each {parts}")
    expect(min(parts) > 25 * MB, f"bytes of each: {parts}")


three_sources_are_three_times_as_fast_as_one.seconds = 120
