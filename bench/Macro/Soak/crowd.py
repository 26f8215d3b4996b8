"""Many visits at a time, one after the other in each place, until it is over. What goes wrong is kept."""

import collections
import threading
import time
import traceback

import nuisances
import visits
from harness import Failed


class Crowd:
    def __init__(self, node, torrents, chances):
        self._node, self._torrents, self._chances = node, torrents, chances
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._places = []
        self.came = collections.Counter()  # visits by kind
        self.moved = collections.Counter()  # bytes that arrived and were proven, by kind
        self.trouble = []

    def fill(self, places=3):
        """The node fetches everything for the first time."""
        waiting = list(self._torrents.all)

        def work(chance):
            while True:
                with self._lock:
                    if not waiting:
                        return
                    torrent = waiting.pop()
                with self._torrents.alone(chance, torrent):
                    self._visit("first fetches", visits.fetch, torrent, chance, hurry=True)

        for place in range(places):
            self._begin(f"fill {place}", work)
        self._join()

    def come(self, fetching, downloading):
        for place in range(fetching):
            self._begin(f"fetch {place}", self._fetching)
        for place in range(downloading):
            self._begin(f"download {place}", self._downloading)
        for nuisance in nuisances.ALL:
            self._begin(nuisance.__name__, lambda chance, nuisance=nuisance: self._pestering(nuisance, chance))
        self._begin("look", self._looking)

    def leave(self):
        """Nobody comes any more, and everybody ends what they are at."""
        self._over.set()
        self._join()

    def _fetching(self, chance):
        while not self._over.wait(chance.uniform(0, 2)):
            with self._torrents.alone(chance) as torrent:
                self._visit("fetches", visits.fetch, torrent, chance)

    def _downloading(self, chance):
        while not self._over.wait(chance.uniform(0, 3)):
            with self._torrents.shared(chance) as torrent:
                self._visit("downloads", visits.download, torrent, chance)

    def _pestering(self, nuisance, chance):
        while not self._over.wait(chance.uniform(0, 4)):
            self._visit(nuisance.__name__.replace("_", " "), nuisance, self._torrents.any(chance), chance)

    def _looking(self, chance):
        while not self._over.wait(chance.uniform(0, 6)):
            self._visit("looks", visits.look, self._torrents.any(chance), chance)

    def _visit(self, kind, what, torrent, chance, **how):
        visit, trouble, moved = visits.Visit(self._node.world.binary, 900), None, 0
        try:
            moved = what(self._node, visit, torrent, chance, **how) or 0
        except Failed as why:
            trouble = f"{why}\n{visit.what_children_said()}"
        except OSError as why:  # the node closed a nuisance, as it should; a refused connection is something else
            if isinstance(why, ConnectionRefusedError) or what not in nuisances.ALL:
                trouble = repr(why)
        except Exception:  # a visit that breaks is one that failed
            trouble = traceback.format_exc()
        finally:
            visit.close()
        with self._lock:
            self.came[kind] += 1
            self.moved[kind] += moved
            if trouble:
                self.trouble.append(f"{time.strftime('%H:%M:%S')} {kind} of {torrent.name}: {trouble}")
                print(self.trouble[-1], flush=True)

    def _begin(self, name, work):
        thread = threading.Thread(target=self._work, args=(name, work), daemon=True)
        self._places.append(thread)
        thread.start()

    def _work(self, name, work):
        try:
            work(self._chances(name))
        except Failed as why:
            with self._lock:
                self.trouble.append(f"{name}: {why}")

    def _join(self):
        for thread in self._places:
            thread.join(1200)
            if thread.is_alive():
                self.trouble.append("a visit did not end within twenty minutes")
        self._places.clear()
