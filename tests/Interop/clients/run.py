#!/usr/bin/env python3
"""Drives ./shoal from outside. `run.py [--list] [--keep] [--all-cells] [--shoal PATH] [WORD...]`: the checks whose names hold a word."""

import argparse
import os
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import check_crash
import check_dht
import check_dht_clients
import check_dht_joining
import check_dht_network
import check_dht_protocol
import check_encryption
import check_dht_public
import check_hostile
import check_lan
import check_limits
import check_matrix
import check_memory
import check_hostile_names
import check_names
import check_network
import check_peers
import check_pex
import check_refusals
import check_reuse
import check_selection
import check_shapes
import check_space
import check_stopping
import check_store
import check_trackers
import check_versions
import check_web_seeds
import check_why
from harness import Check, Failed, Skipped

MODULES = [check_shapes, check_peers, check_pex, check_names, check_network, check_dht, check_dht_protocol, check_dht_joining, check_dht_network, check_dht_clients, check_dht_public, check_encryption, check_hostile, check_lan, check_trackers, check_store, check_space, check_reuse, check_crash, check_hostile_names, check_versions, check_selection, check_web_seeds, check_why, check_stopping, check_refusals, check_limits, check_memory, check_matrix]
TIMED = {"check_limits"}
HERE = os.path.dirname(os.path.abspath(__file__))


def checks(every_cell):
    """The public functions of the check modules, in the order in which they are written, and the cells of the matrix."""
    for module in MODULES:
        for name, function in vars(module).items():
            if callable(function) and getattr(function, "__module__", "") == module.__name__ and not name.startswith("_") and name != "cells":
                yield name.replace("_", " "), function
    yield from check_matrix.cells(every_cell)


def run_one(name, function, binary, keep):
    check = Check(binary, getattr(function, "seconds", 60))
    begun = time.monotonic()
    trouble = ""
    try:
        function(check)
        result, detail = "ok", "; ".join(check.notes)
    except Skipped as why:
        result, detail = "skip", str(why)
    except Failed as why:
        result, detail, trouble = "FAIL", str(why), check.what_children_said()
    except Exception as error:  # a check that breaks is a check that failed
        result, detail, trouble = "FAIL", repr(error), traceback.format_exc() + check.what_children_said()
    seconds = time.monotonic() - begun
    check.close(keep and result == "FAIL")
    said = [f"{result:<4} {name} ({seconds:.1f} s) {detail}".rstrip()]
    if trouble:
        said.append(trouble + (f"\n  kept: {check.root}" if keep else ""))
    print("\n".join(said) + "\n", end="", flush=True)  # in one piece, since others may speak
    return result


def run_all(chosen, binary, keep):
    """Those that measure time, alone; then one after the other, and beside them several at once of those that say so: each of these has a network of its own, and waits more than it computes."""
    alone = [c for c in chosen if c[1].__module__ in TIMED]
    together = [c for c in chosen if hasattr(c[1], "at_once")]
    results = [run_one(*c, binary, keep) for c in alone]
    with ThreadPoolExecutor(max((function.at_once for _, function in together), default=1)) as pool:
        beside = pool.map(lambda c: run_one(*c, binary, keep), together)
        results += [run_one(*c, binary, keep) for c in chosen if c not in alone and c not in together]
        return results + list(beside)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the folder of a check that fails")
    parser.add_argument("--all-cells", action="store_true", help="the whole interop matrix, not only what covers every pair")
    parser.add_argument("--shoal", default=os.path.join(HERE, "../../../shoal"))
    given = parser.parse_args()
    binary = os.path.realpath(given.shoal)

    chosen = [c for c in checks(given.all_cells) if not given.words or any(word in c[0] for word in given.words)]
    if given.list:
        print("\n".join(name for name, _ in chosen))
        return 0

    results = run_all(chosen, binary, given.keep)
    failed = results.count("FAIL")
    print(f"{results.count('ok')} passed, {failed} failed, {results.count('skip')} skipped")
    return 1 if failed or "ok" not in results else 0


if __name__ == "__main__":
    sys.exit(main())
