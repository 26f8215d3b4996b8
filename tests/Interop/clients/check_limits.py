"""The claim that the project was founded on, in figures: more sources, each with the same uplink, are faster."""

from harness import KB, MB, expect, expect_same_file, from_peer, write

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


def limits_change_while_a_get_runs(check):
    source = write(check.path("in", "changing.bin"), 20 * MB)
    share = check.share(source)
    got = check.run("get", share.link, "-o", check.folder("out"), "--download-limit", "1MB", "--seed")
    got.event("progress", 30, where=lambda e: e["bytes"] > 0)

    def limit(*args, code=0):
        said = check.plain("limit", *args, "--store", got.store)
        said.ends(code, 20)
        return said

    whole = limit().event("limit", 5)
    expect((whole["id"], whole["downloadLimit"], whole["uploadLimit"]) == (None, MB, 0), f"{whole}")
    own = limit(share.infohash, "--download-limit", "300kB", "--upload-limit", "5MB").event("limit", 5)
    expect((own["id"], own["name"], own["downloadLimit"], own["uploadLimit"]) == (share.infohash, "changing.bin", 300 * KB, 5 * MB), f"{own}")
    limit("--download-limit", "0")
    check.until(20, "it goes as fast as its own limit allows", lambda: _cause(check, got, share.infohash) == "our-limit")
    began = got.all("progress")[-1]["bytes"]
    expect(began < 15 * MB, f"{began} bytes before the limit was lifted")

    limit(share.infohash, "--download-limit", "0")
    got.event("done", 20)
    expect_same_file(source, check.path("out", "changing.bin"))
    status = check.plain("status", share.infohash, "--store", got.store)
    status.ends(0, 20)
    status = status.event("status", 5)
    expect((status["downloadLimit"], status["ownDownloadLimit"], status["ownUploadLimit"]) == (0, 0, 5 * MB), f"{status}")
    limit("0" * 64, code=1)
    limit("--download-limit", "fast", code=2)
    got.stop(0)
    expect(limit(code=1).event("error", 5)["code"] == "not-running", "limits of nobody")


def peers_on_the_local_network_may_be_exempt(check):
    source = write(check.path("in", "near.bin"), 5 * MB)
    share = check.share(source, args=["--upload-limit", "10kB", "--no-limit-lan"])

    done = check.get(share.link, check.folder("out"), "--download-limit", "10kB", "--no-limit-lan").done

    expect_same_file(source, check.path("out", "near.bin"))
    check.note(f"5 MB past limits of 10 kB/s: {done['transferSeconds']} s")
    expect(done["transferSeconds"] < 30, f"{done['transferSeconds']} s; under the limit it would be 500 s")


def _cause(check, got, infohash):
    why = check.plain("why", infohash, "--store", got.store)
    why.ends(0, 20)
    return why.event("why", 5)["cause"]
