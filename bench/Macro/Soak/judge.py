"""What a soak shows: a verdict for each thing that must hold, a table, and a plot."""

import dataclasses
import statistics

from report import svg

KEPT_OPEN = 128  # files that the store keeps open for the next read (docs/storage.md)
TOLERANCE = 1.10
SLACK = 8  # MiB
MOST_IDLE = 0.01  # of a core


@dataclasses.dataclass
class Course:
    """When what began, in seconds of the probe's clock, and what was seen."""

    samples: list
    rest: object  # everything fetched, nobody there yet
    load: tuple  # begin and end
    idle: tuple
    final: object

    def part(self, number, parts=10):
        begin, end = self.load
        width = (end - begin) / parts
        return [s for s in self.samples if begin + number * width <= s.at <= begin + (number + 1) * width]

    @property
    def idling(self):
        return [s for s in self.samples if self.idle[0] <= s.at <= self.idle[1]]

    @property
    def idle_cpu(self):
        first, last = self.idling[0], self.idling[-1]
        return (last.cpu - first.cpu) / (last.at - first.at)


def middle(samples, value):
    return statistics.median(map(value, samples))


def verdicts(course):
    """(what, whether it holds, in figures) of the process itself."""
    early = course.part(1)
    most = middle(early, lambda s: s.resident) * TOLERANCE + SLACK

    def memory(samples):
        now = middle(samples, lambda s: s.resident)
        return now <= most, f"{now:.1f} MiB; {middle(early, lambda s: s.resident):.1f} after the first tenth, at most {most:.1f}"

    rest, final = course.rest, course.final
    threads = max(s.threads for s in early)
    opened = final.descriptors["file of a torrent"]
    yield "idle CPU is below 1 % of a core", course.idle_cpu < MOST_IDLE, f"{course.idle_cpu:.2%} over {course.idling[-1].at - course.idling[0].at:.0f} s"
    yield "resident memory does not grow while peers come and go", *memory(course.part(9))
    yield "resident memory does not stay up when they are gone", *memory(course.idling)
    yield "no socket stays", final.sockets <= rest.sockets, f"{final.sockets}, {rest.sockets} before; {_kinds(final, 'socket')}"
    yield "no file of the store or the system stays open", _own(final) <= _own(rest), f"{_own(final)}, {_own(rest)} before"
    yield f"files of torrents stay open for the next read, at most {KEPT_OPEN}", opened <= KEPT_OPEN, f"{opened}, {rest.descriptors['file of a torrent']} before"
    yield "no deleted file is held", final.descriptors["file, deleted"] <= rest.descriptors["file, deleted"], f"{final.descriptors['file, deleted']}"
    yield "no thread is left over", final.threads <= threads, f"{final.threads}; {rest.threads} before, up to {threads} after the first tenth"


def _own(sample):
    return sample.others + sample.descriptors["file of the store"]


def _kinds(sample, prefix):
    return ", ".join(f"{count} {kind.removeprefix(prefix + ', ')}" for kind, count in sorted(sample.descriptors.items()) if kind.startswith(prefix))


def table(course):
    lines = [
        "| | resident MiB | managed heap MiB | threads | sockets | files of torrents | other descriptors | CPU, of a core |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, samples in [("at rest, before", [course.rest]), *((f"{i * 10} to {i * 10 + 10} %", course.part(i)) for i in range(10)), ("idle, after", course.idling)]:
        cpu = f"{(samples[-1].cpu - samples[0].cpu) / (samples[-1].at - samples[0].at):.2%}" if len(samples) > 1 else "-"
        lines.append(" | ".join([
            f"| {name}", _spread(samples, lambda s: s.resident, 1), _spread(samples, lambda s: s.heap, 1), _spread(samples, lambda s: s.threads), _spread(samples, lambda s: s.sockets),
            _spread(samples, lambda s: s.descriptors["file of a torrent"]), _spread(samples, _own), f"{cpu} |"]))
    return lines


def _spread(samples, value, digits=0):
    values = [value(s) for s in samples]
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f}" + (f" ({low:.{digits}f}-{high:.{digits}f})" if low != high else "")


def plot(course):
    """Lines over the minutes, each panel on a scale of its own; grey is when peers came and went."""
    left, width, height, gap = 60, 640, 110, 46
    begin, end = course.samples[0].at, course.samples[-1].at
    parts, top = [], 30

    def x(at):
        return left + (at - begin) / (end - begin) * width

    def cpu():
        return [(b.at, (b.cpu - a.cpu) / (b.at - a.at) * 100) for a, b in zip(course.samples, course.samples[1:])]

    def values(of):
        return [(s.at, of(s)) for s in course.samples]

    panels = [
        ("MiB: resident, and the managed heap in it", [("#1a73e8", values(lambda s: s.resident)), ("#c58a3d", values(lambda s: s.heap))]),
        ("sockets", [("#1a73e8", values(lambda s: s.sockets))]),
        ("open files of torrents; threads", [("#1a73e8", values(lambda s: s.descriptors["file of a torrent"])), ("#c58a3d", values(lambda s: s.threads))]),
        ("CPU, % of a core", [("#1a73e8", cpu())]),
    ]
    for title, lines in panels:
        most = max(1, max(value for _, line in lines for _, value in line))
        bottom = top + height
        parts.append(f'<text x="{left}" y="{top - 8}" font-weight="bold">{title}</text>')
        parts.append(f'<rect x="{x(course.load[0]):.1f}" y="{top}" width="{x(course.load[1]) - x(course.load[0]):.1f}" height="{height}" fill="#f1f3f4"/>')
        parts.append(f'<path d="M{left} {top}V{bottom}H{left + width}" fill="none" stroke="#9aa0a6"/>')
        parts.append(f'<text x="{left - 6}" y="{top + 10}" text-anchor="end">{most:.0f}</text><text x="{left - 6}" y="{bottom}" text-anchor="end">0</text>')
        for colour, line in lines:
            points = " ".join(f"{x(at):.1f},{bottom - value / most * height:.1f}" for at, value in line)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.2"/>')
        top = bottom + gap
    parts.append(f'<text x="{left}" y="{top - 26}">0</text><text x="{left + width}" y="{top - 26}" text-anchor="end">{(end - begin) / 60:.0f} minutes</text>')
    return svg(left + width + 20, top - 10, parts)
