#!/usr/bin/env python3
"""Kills the program at random points, again and again, and looks after each kill at what is left. `crash.py [--rounds N] [--seed S] [--shoal PATH]`.

A world is a store, a folder to get into, and what the program has acknowledged about them. A round draws a verb, starts it, kills it (SIGKILL) after a while that
the seed draws or when it says a word, and then opens the store twice, with `list` and with `verify`: all that was acknowledged is there, all that is there verifies, and
nobody else is there. One round in eight damages the catalogue as well before it is opened. A new verb is a function like `_remove` and a line in VERBS.
"""

import argparse
import itertools
import os
import random
import shutil
import sys
import threading
import time

from harness import KIB, Check, Failed, expect, expect_same_tree, fetched, tree, write

PIECE = 16 * KIB
LIMIT = 4_000_000  # bytes a second of a get, so that there is time to kill it
# What is put is entered within 30 ms (StoreOptions.CommitInterval), at 4 MB/s eight pieces; four times that for a machine that is busy.
FEW = 32
LIFE = 24  # rounds of one world; then its gets are brought to their end, and it is looked at for what is left behind


class Held:
    """A torrent of which the program has said that it has it."""

    def __init__(self, infohash, path, content, shared):
        self.infohash, self.path, self.content, self.shared = infohash, path, content, shared


class Offer:
    """What the seed shares: a link, and the content as it is to be in the end."""

    def __init__(self, shared, source):
        self.link, self.infohash, self.name, self.length, self.source = shared["link"], shared["infohash"], shared["name"], shared["length"], source


class Act:
    """One run of the program that may be killed."""

    def __init__(self, args, network=False, word=None, said=lambda event: None, unsaid=lambda: None, about=None):
        self.args, self.network, self.word, self.said, self.unsaid, self.about = args, network, word, said, unsaid, about


class World:
    def __init__(self, crash, name, seed):
        self.crash, self.check, self.name = crash, crash.check, name
        self.random = random.Random(seed)
        self.store, self.out, self.own = (self.check.folder(name, part) for part in ("store", "out", "own"))
        self.held, self.begun, self.doubtful = {}, {}, set()
        self.count = 0

    # what may be killed: each returns an Act, or None if there is nothing to do it with

    def share(self):
        self.count += 1
        path = os.path.join(self.own, f"{self.count}")
        if self.random.random() < 0.5:
            write(path, self.random.randrange(1, 1_500_000), seed=self.count)
        else:
            for i in range(self.random.randrange(2, 40)):
                write(os.path.join(path, f"{i % 3}", f"{i}"), self.random.randrange(0, 60_000), seed=f"{self.count} {i}")
        return Act(["share", path, "--piece-length", f"{PIECE}"], network=True, word="shared",
                   said=lambda event: self.has(event["infohash"], path, True), about=path)

    def get(self):
        wanted = [offer for offer in self.crash.offers if offer.infohash not in self.held]
        if not wanted:
            return None
        offer = self.random.choice(wanted)
        self.doubtful.discard(offer.infohash)
        self.begun[offer.infohash] = offer
        return Act(["get", offer.link, "-o", self.out, "--download-limit", f"{LIMIT}"], network=True, word="done",
                   said=lambda event: self.got(offer), about=offer)

    def verify(self):
        return Act(["verify"], word="verified") if self.held else None

    def remove(self):
        if not self.held:
            return None
        gone = self.random.choice(sorted(self.held.values(), key=lambda held: held.infohash))
        deletes = self.random.random() < 0.5
        return Act(["remove", gone.infohash] + (["--delete-files"] if deletes else []), word="removed",
                   said=lambda event: self.removed(gone, deletes), unsaid=lambda: self.doubt(gone), about=gone)

    def give_up(self):
        """Removes a get that was not finished, and what it left."""
        if not self.begun:
            return None
        offer = self.begun[self.random.choice(sorted(self.begun))]
        if offer.infohash not in self.listed():
            return None
        return Act(["remove", offer.infohash, "--delete-files"], word="removed", said=lambda event: self.given_up(offer), about=offer)

    # what was acknowledged

    def has(self, infohash, path, shared):
        self.held[infohash] = Held(infohash, path, tree(path) if os.path.isdir(path) else path, shared)
        self.doubtful.discard(infohash)

    def got(self, offer):
        self.begun.pop(offer.infohash, None)
        path = os.path.join(self.out, offer.name)
        self.held[offer.infohash] = Held(offer.infohash, path, tree(offer.source) if os.path.isdir(offer.source) else offer.source, False)
        self.expect_content(self.held[offer.infohash])

    def removed(self, gone, deletes):
        del self.held[gone.infohash]
        self.expect_kept_or_deleted(gone, deletes)
        if not gone.shared and not deletes:  # or the next get of it would find it there
            shutil.rmtree(gone.path) if os.path.isdir(gone.path) else os.remove(gone.path)

    def given_up(self, offer):
        self.begun.pop(offer.infohash, None)
        self.expect_no_staging([offer.infohash])

    def doubt(self, gone):
        """Its removal was not acknowledged: it is there or not, and its files may be gone."""
        del self.held[gone.infohash]
        self.doubtful.add(gone.infohash)
        if gone.shared:
            self.expect_content(gone)

    # a round

    def round(self):
        verb, act = None, None
        while act is None:
            verb, weight = self.random.choice(VERBS)
            act = getattr(self, verb)() if self.random.random() < weight else None
        killed = self.run(verb, act)
        damage = self.random.choice(DAMAGES) if self.random.random() < 0.125 else None
        if damage:
            damage = self.damage(damage)
        self.look(damage)
        if verb == "get" and act.about.infohash in self.begun and self.random.random() < 0.5:
            self.finish(act.about)
        return killed

    def run(self, verb, act):
        """Runs it and kills it; whether it was still running then."""
        begun = time.monotonic()
        shoal = self.start(act.args, act.network)
        at_word = act.word and self.random.random() < 0.3
        usual = self.crash.usual[verb]
        delay = usual * (self.random.random() * 1.2)
        while shoal.process.poll() is None and time.monotonic() - begun < delay + (10 if at_word else 0):
            if (at_word or delay > usual * 2) and shoal.all(act.word):
                break
            time.sleep(0.001)
        alive = shoal.process.poll() is None
        shoal.kill()
        shoal.heard()
        for event in shoal.all(act.word) if act.word else []:
            act.said(event)
        if act.word and not shoal.all(act.word):
            act.unsaid()
        self.last = f"{' '.join(act.args)[:90]} killed after {time.monotonic() - begun:.3f} s" if alive else f"{' '.join(act.args)[:90]} ended"
        if verb == "get" and act.about.infohash in self.begun:
            self.crash.proven[self.name, act.about.infohash] = max([p["bytes"] for p in shoal.all("progress")], default=0)
        if not alive:
            expect(shoal.process.returncode == 0, f"{shoal} ended with {shoal.process.returncode}")
        return alive

    def start(self, args, network):
        return self.check.run(*args, store=self.store) if network else self.check.plain(*args, "--store", self.store)

    def listed(self):
        listed = self.check.plain("list", "--store", self.store).ends(0, 20)
        return {item["id"]: item for item in listed.all("item") if item["kind"] == "torrent"}

    def look(self, damage):
        found = self.check.plain("list", "--store", self.store).ends(0, 20)
        items = {item["id"]: item for item in found.all("item") if item["kind"] == "torrent"}
        told = [w for w in found.all("warning") if w["code"] == "catalogue-restored"]
        expect(bool(told) == bool(damage), f"{damage or 'no damage'}, and it said {found.all('warning')}")
        for held in self.held.values():
            item = items.get(held.infohash)
            expect(item, f"lost: {held.path}")
            expect(item["have"] == item["length"], f"not whole: {item}")
            expect(item["path"] == held.path, f"elsewhere than {held.path}: {item}")
        for infohash in list(self.doubtful):
            if infohash not in items:
                self.doubtful.discard(infohash)
        for infohash, item in items.items():
            if infohash in self.held or infohash in self.begun or infohash in self.doubtful:
                continue
            expect(item["path"].startswith(self.own) and item["have"] == item["length"], f"came from nowhere: {item}")
            self.has(infohash, item["path"], True)  # a share that was killed before it could say so
        for infohash in list(self.doubtful):
            self.check.plain("remove", infohash, "--store", self.store).ends(0, 20)
            self.doubtful.discard(infohash)
            self.clear(infohash)

        verified = self.check.plain("verify", "--store", self.store)
        verified.ends(0, 30)
        for event in verified.all("verified"):
            expect(event["bad"] == 0, f"bad: {event} of {items.get(event['id'])}")
        expect({e["id"] for e in verified.all("verified")} >= set(self.held), "not all that is held was verified")
        for held in self.held.values():
            self.expect_content(held)

    def finish(self, offer):
        """The same get, not killed: it goes on from there."""
        done = self.check.get(offer.link, self.out, store=self.store, seconds=40).done
        proven = self.crash.proven.pop((self.name, offer.infohash), 0)
        again = max(0, -(-(proven - done["reused"]) // PIECE))
        self.crash.again.append(again)
        expect(again <= FEW, f"{again} pieces fetched again: {proven} bytes were proven, {done['reused']} were there")
        expect(fetched(done) <= offer.length - done["reused"] + FEW * PIECE, f"fetched {fetched(done)} of {offer.length}, {done['reused']} were there")
        self.got(offer)
        self.expect_no_staging([offer.infohash])

    def end(self):
        """Nothing is left behind for ever."""
        for offer in list(self.begun.values()):
            self.finish(offer)
        self.look(None)
        self.expect_no_staging()
        records = os.listdir(os.path.join(self.store, "torrents")) if self.held else []
        expect(sorted(records) == sorted(f"{infohash}.torrent" for infohash in self.held), f"records: {sorted(records)}")
        shutil.rmtree(self.check.path(self.name))

    def damage(self, kind):
        """Spoils the catalogue; what was done, or None if there is nothing to be restored."""
        path, records = os.path.join(self.store, "catalogue.db"), os.path.join(self.store, "torrents")
        if not os.path.exists(path) or not os.path.isdir(records) or not any(name.endswith(".torrent") for name in os.listdir(records)):
            return None
        length = os.path.getsize(path)
        if kind == "log":
            died = open(os.path.join(self.store, "state"), encoding="utf-8").read().startswith("open")
            if not died or length == 0:
                return None
            os.remove(path + "-wal")
        elif kind == "zero":
            open(path, "wb").close()
        elif length < 8192:
            return None  # everything is in the log yet, which brings the pages back
        else:
            for log in ("-wal", "-shm"):
                if os.path.exists(path + log):
                    os.remove(path + log)
            with open(path, "r+b") as file:
                if kind == "truncated":
                    file.truncate(length // 2 // 4096 * 4096)
                elif kind == "header":
                    file.write(bytes(100))
                else:
                    file.seek(4096 * self.random.randrange(0, length // 4096))
                    file.write(self.random.randbytes(4096))
        return kind

    def clear(self, infohash):
        offer = next((o for o in self.crash.offers if o.infohash == infohash), None)
        if offer:
            path = os.path.join(self.out, offer.name)
            shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) else os.path.exists(path) and os.remove(path)

    def expect_content(self, held):
        if isinstance(held.content, dict):
            expect_same_tree(held.content, held.path)
        else:
            expect(os.path.isfile(held.path), f"missing: {held.path}")
            with open(held.path, "rb") as actual, open(held.content, "rb") as wanted:
                expect(actual.read() == wanted.read(), f"other content: {held.path}")

    def expect_kept_or_deleted(self, gone, deletes):
        if gone.shared or not deletes:
            self.expect_content(gone)
        else:
            expect(not os.path.exists(gone.path), f"still there: {gone.path}")

    def expect_no_staging(self, infohashes=None):
        names = None if infohashes is None else {f".shoal-{infohash[:16]}" for infohash in infohashes}
        left = [name for name in os.listdir(self.out) if name.startswith(".shoal-") and (names is None or name in names)]
        expect(not left, f"left behind in {self.out}: {left}")


# what is killed, and how often
VERBS = [("share", 1.0), ("get", 1.0), ("verify", 0.5), ("remove", 0.7), ("give_up", 0.5)]
DAMAGES = ["log", "zero", "truncated", "header", "page"]


class Crash:
    """All rounds of one seed, two worlds at a time."""

    def __init__(self, check, seed, rounds):
        self.check, self.seed, self.rounds = check, seed, rounds
        self.again, self.proven, self.usual, self.damaged = [], {}, {}, 0
        self.kills, self.runs = {}, 0
        self._lock = threading.Lock()
        self._numbers = itertools.count()

    def run(self):
        self._offer()
        self._measure()
        trouble = []
        threads = [threading.Thread(target=self._live, args=(trouble,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if trouble:
            raise trouble[0]
        return f"seed {self.seed}: {sum(self.kills.values())} kills in {self.runs} rounds ({', '.join(f'{n} of {verb}' for verb, n in sorted(self.kills.items()))}); of {len(self.again)} gets that went on, " \
               f"at most {max(self.again, default=0)} pieces of 16 KiB were fetched again"

    def _offer(self):
        sources = [write(self.check.path("offers", f"file {i}"), 200_000 + 450_000 * i, seed=i) for i in range(4)]
        for i in range(3):
            for k in range(12 * i + 3):
                write(self.check.path("offers", f"folder {i}", f"{k % 4}", f"{k}"), 1 + 20_000 * (k % 5), seed=f"{i} {k}")
            sources.append(self.check.path("offers", f"folder {i}"))
        seed = self.check.share(*sources, args=["--piece-length", f"{PIECE}"])
        self.offers = [Offer(shared, source) for shared, source in zip(seed.shared, sources)]

    def _measure(self):
        """How long each verb takes when nothing kills it."""
        world = World(self, "measured", 0)
        for verb, _ in VERBS:
            act = getattr(world, verb)()
            if act is None:
                self.usual[verb] = self.usual["remove"]
                continue
            begun = time.monotonic()
            shoal = world.start(act.args, act.network)
            shoal.event(act.word, 20)
            self.usual[verb] = time.monotonic() - begun
            act.said(shoal.event(act.word))
            shoal.kill() if verb == "share" else shoal.ends(0, 20)

    def _live(self, trouble):
        while not trouble:
            number = next(self._numbers)
            world = World(self, f"world{number}", f"{self.seed} {number}")
            try:
                for _ in range(LIFE):
                    with self._lock:
                        if sum(self.kills.values()) >= self.rounds:
                            break
                        self.runs += 1
                    if world.round():
                        verb = world.last.split()[0]
                        with self._lock:
                            self.kills[verb] = self.kills.get(verb, 0) + 1
                world.end()
            except Exception as why:  # a harness that breaks has shown nothing
                trouble.append(Failed(f"seed {self.seed}, {world.name} after \"{getattr(world, 'last', 'nothing')}\": {why if isinstance(why, Failed) else repr(why)}"))
                return
            if sum(self.kills.values()) >= self.rounds:
                return


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="keep the folder if it fails")
    parser.add_argument("--shoal", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shoal"))
    given = parser.parse_args()
    seed = random.randrange(1 << 32) if given.seed is None else given.seed
    print(f"seed {seed}, {given.rounds} kills", flush=True)
    check = Check(program(os.path.realpath(given.shoal)), 60 + 3 * given.rounds)
    failed = False
    try:
        print(Crash(check, seed, given.rounds).run())
    except Failed as why:
        failed = True
        print(f"FAIL {why}" + (f"\n  kept: {check.root}" if given.keep else ""))
        print(check.what_children_said()[-4000:])
    finally:
        check.close(keep=failed and given.keep)
    print(f"{int(not failed)} passed, {int(failed)} failed, 0 skipped")
    return int(failed)


def program(shoal):
    """The program itself, where `shoal` is the script that starts it."""
    home = os.path.join(os.path.dirname(shoal), "artifacts", "shoal")
    try:
        with open(os.path.join(home, "current"), encoding="utf-8") as current:
            found = os.path.join(home, current.readline().strip())
    except OSError:
        return shoal
    return found if os.access(found, os.X_OK) and not found.endswith(".dll") else shoal


if __name__ == "__main__":
    sys.exit(main())
