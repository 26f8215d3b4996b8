"""The cells of the interop matrix: which client, in which role, with which torrent, and how the two find each other. Axes are data; so is what cannot be."""

import collections
import itertools

# What peers tell of each other (BEP 11): without it those cells are in the full set alone.
PEX_IS_BUILT = True

AXES = {
    "client": ("libtorrent", "aria2", "transmission"),
    "role": ("seed", "downloader"),  # of the client; the program has the other one
    "version": ("v1", "hybrid", "v2"),
    "start": ("link", "torrent"),  # what the downloader is given
    "stream": ("plain", "encrypted"),  # neither side takes the other
    "found": ("dht", "pex", "lan", "tracker", "given"),
}
Cell = collections.namedtuple("Cell", AXES)

IMPOSSIBLE = [
    ("aria2 knows v1 alone, and gives a hybrid another infohash than everybody else", lambda c: c.client == "aria2" and c.version != "v1"),
    ("aria2 takes no peer by an option, and hangs up on a seed that calls when it has the metadata of a link, to begin anew with nobody",
     lambda c: c.client == "aria2" and c.role == "downloader" and c.start == "link" and c.found == "given"),
    ("transmission 3.00 takes no dictionary with an empty key, which every file tree of v2 has", lambda c: c.client == "transmission" and c.version != "v1"),
]

# Of these axes every combination that can be is in the short set, and every pair of the others: what a client does in a role depends on how it finds peers more than on anything else.
CLOSE = ("client", "role", "found")


def all_cells():
    cells = [Cell(*values) for values in itertools.product(*AXES.values())]
    return [cell for cell in cells if not any(holds(cell) for _, holds in IMPOSSIBLE)]


def combinations(cell):
    """What a cell covers."""
    wanted = [CLOSE, *itertools.combinations(AXES, 2)]
    return {tuple((axis, getattr(cell, axis)) for axis in axes) for axes in wanted}


def covering(cells):
    """Few cells that cover what all of them do: ever again one that adds the most, of these one whose values were seldom taken, of these the first."""
    left = set().union(*map(combinations, cells))
    taken = collections.Counter()
    chosen = []
    while left:
        best = max(cells, key=lambda cell: (len(combinations(cell) & left), -sum(taken[pair] for pair in _with_client(cell))))
        chosen.append(best)
        left -= combinations(best)
        taken.update(_with_client(best))
    return chosen


def _with_client(cell):
    return [(cell.client, value) for value in cell[1:]]


def short_set():
    return covering([cell for cell in all_cells() if PEX_IS_BUILT or cell.found != "pex"])
