"""Writes what was measured: a table for each case, the goals beside what was reached, and a plot."""

import statistics
from xml.sax.saxutils import escape

from machine import GIB

MB = 1_000_000
COLOURS = {"the floor": "#9aa0a6", "Shoal": "#1a73e8"}
OTHER = "#c58a3d"


def median(runs, value):
    values = [v for v in map(value, runs) if v is not None]
    return statistics.median(values) if values else None


def spread(runs, value, digits):
    values = [v for v in map(value, runs) if v is not None]
    if not values:
        return "-"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def table(case, sizes, taken):
    moved = case.downloaders
    lines = [
        f"## {case.title}", "",
        "| program | wall s | transfer s | MB/s, wall | MB/s, transfer | CPU s per GiB | peak MiB, seed + downloader |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, runs in taken.items():
        size = sizes[name] * moved
        note = "" if sizes[name] == case.size else f" ({sizes[name] >> 20} MiB)"
        lines.append(" | ".join([
            f"| {name}{note}", spread(runs, lambda r: r.wall, 2), spread(runs, lambda r: r.transfer, 2), spread(runs, lambda r: size / MB / r.wall, 0),
            spread(runs, lambda r: r.transfer and size / MB / r.transfer, 0), spread(runs, lambda r: r.cpu / size * GIB, 2),
            f"{max(r.seed for r in runs):.0f} + {max(r.downloader for r in runs):.0f} |"]))
    return lines + [""]


def goals(case, taken):
    """(what, goal, reached, whether) for each goal of a case; ratios of medians."""
    ours = taken.get("Shoal")
    others = {name: runs for name, runs in taken.items() if name not in COLOURS and "shipped" not in name and "transmission" not in name}
    if not ours or not others:
        return []

    def ratio(value, best=min):
        return median(ours, value) / best(median(runs, value) for runs in others.values())

    wall = ratio(lambda r: r.wall)
    rows = []
    if case.name == "one":
        rows.append(("rate of the whole command, to the fastest other's", "at least 2", 1 / wall, 1 / wall >= 2))
        rate = 1 / ratio(lambda r: r.transfer)
        rows.append(("rate of the transfer alone, to the fastest other's", "at least 2", rate, rate >= 2))
        cpu = ratio(lambda r: r.cpu)
        rows.append(("CPU, to the thriftiest other's", "at most 0.6", cpu, cpu <= 0.6))
        rows.append(("wall from command to proven file, to the shortest other's", "at most 0.4", wall, wall <= 0.4))
        if "the floor" in taken:
            floor = median(ours, lambda r: r.transfer) / median(taken["the floor"], lambda r: r.transfer)
            rows.append(("transfer, to the floor's", "at most 1.25", floor, floor <= 1.25))
    elif case.version != "v2":
        rows.append(("wall, to the shortest other's", "below 1", wall, wall < 1))
    elif case.name == "folder":
        seconds = median(ours, lambda r: r.wall)
        rows.append(("wall, to the shortest other's", "at most 0.5", wall, wall <= 0.5))
        rows.append(("wall, seconds", "at most 5", seconds, seconds <= 5))
    else:
        rows.append(("wall until all have it, to the shortest other's", "at most 0.5", wall, wall <= 0.5))
    peak = max(max(r.seed, r.downloader) for r in ours)
    rows.append(("peak MiB of any process", "at most 100", peak, peak <= 100))
    return [(case.title, *row) for row in rows]


def goals_table(rows):
    lines = ["## Goals", "", "| case | Shoal's | goal | reached | |", "| --- | --- | --- | --- | --- |"]
    return lines + [f"| {title} | {what} | {goal} | {reached:.2f} | {'yes' if met else '**no**'} |" for title, what, goal, reached, met in rows] + [""]


def plot(cases):
    """Bars of wall seconds, each case on a scale of its own; a line from the shortest to the longest run."""
    left, width, bar, gap = 190, 560, 20, 8
    parts, y = [], 14
    for case, taken in cases:
        longest = max(max(r.wall for r in runs) for runs in taken.values())
        parts.append(f'<text x="8" y="{y + 14}" font-weight="bold">{escape(case.title)}</text>')
        y += 26
        for name, runs in taken.items():
            middle, low, high = (pick * width / longest for pick in (median(runs, lambda r: r.wall), min(r.wall for r in runs), max(r.wall for r in runs)))
            centre = y + bar / 2
            parts.append(f'<text x="{left - 8}" y="{centre + 4}" text-anchor="end">{escape(name)}</text>')
            parts.append(f'<rect x="{left}" y="{y}" width="{middle:.1f}" height="{bar}" fill="{COLOURS.get(name, OTHER)}"/>')
            parts.append(f'<path d="M{left + low:.1f} {centre}H{left + high:.1f}" stroke="#202124"/>')
            parts.append(f'<text x="{left + high + 8:.1f}" y="{centre + 4}">{median(runs, lambda r: r.wall):.2f} s</text>')
            y += bar + gap
        y += 12
    return svg(left + width + 80, y, parts)


def svg(width, height, parts):
    """A picture of these elements on white."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="12">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")
