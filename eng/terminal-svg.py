#!/usr/bin/env python3
"""Draws a terminal's screen as SVG, for the pictures in docs/images.

    tmux new-session -d -s shot -x 92 -y 24 './shoal demo'
    tmux capture-pane -e -p -t shot >screen.txt
    eng/terminal-svg.py --title './shoal demo' <screen.txt >docs/images/demo.svg

Reads text with colour codes (SGR), as `tmux capture-pane -e -p` prints it. Every run of one colour is stretched to its cells, so that columns stand
whatever font the reader has.
"""

import argparse
import re
import sys
import unicodedata
from html import escape

CELL_WIDTH, LINE_HEIGHT, FONT_SIZE, MARGIN, BAR = 8.4, 19, 14, 16, 34
BACKGROUND, FOREGROUND = "#16181d", "#d6d9e0"
SIXTEEN = ["#3b4048", "#e06c75", "#8cc570", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d6d9e0",
           "#7a8291", "#ff7b86", "#a5e075", "#ffd27f", "#7cc4ff", "#de8af5", "#6fd6e3", "#ffffff"]
CODE = re.compile(r"\x1b\[([0-9;]*)m|\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\x0e\x0f]")


def colour(index):
    """One of the 256 colours of a terminal."""
    if index < 16:
        return SIXTEEN[index]
    if index >= 232:
        return "#" + f"{8 + 10 * (index - 232):02x}" * 3
    index -= 16
    return "#" + "".join(f"{0 if part == 0 else 55 + 40 * part:02x}" for part in (index // 36, index // 6 % 6, index % 6))


def apply(codes, style):
    """The style after a sequence of SGR codes: colour, bold, dim."""
    fill, bold, dim = style
    numbers = [int(code or 0) for code in codes.split(";")]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            fill, bold, dim = None, False, False
        elif code == 1:
            bold = True
        elif code == 2:
            dim = True
        elif code == 22:
            bold = dim = False
        elif 30 <= code <= 37:
            fill = SIXTEEN[code - 30]
        elif 90 <= code <= 97:
            fill = SIXTEEN[code - 82]
        elif code == 39:
            fill = None
        elif code in (38, 48) and numbers:
            kind = numbers.pop(0)
            told = [numbers.pop(0) for _ in range(min(len(numbers), 1 if kind == 5 else 3))]
            if code == 38:
                fill = colour(told[0]) if kind == 5 else "#" + "".join(f"{part:02x}" for part in told)
    return fill, bold, dim


def width(text):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def runs(line, style):
    """The runs of one line: the column, the text, its style. Ends with the style for the next line."""
    found, column, at = [], 0, 0
    for code in list(CODE.finditer(line)) + [None]:
        text = line[at:code.start() if code else len(line)]
        for part in re.finditer(r"\S+(?: \S+)*", text):  # wide gaps are not drawn
            found.append((column + width(text[:part.start()]), part.group(), style))
        column += width(text)
        if code:
            at = code.end()
            if code.group(1) is not None:
                style = apply(code.group(1), style)
    return found, column, style


def draw(lines, title):
    style, drawn, columns = (None, False, False), [], 60
    for row, line in enumerate(lines):
        found, used, style = runs(line, style)
        columns = max(columns, used)
        for column, text, (fill, bold, dim) in found:
            x, y = MARGIN + column * CELL_WIDTH, BAR + MARGIN + row * LINE_HEIGHT + FONT_SIZE - 2
            look = f' fill="{fill}"' if fill else ""
            look += ' font-weight="bold"' if bold else ""
            look += ' opacity="0.65"' if dim else ""
            drawn.append(f'<text x="{x:.1f}" y="{y}" textLength="{width(text) * CELL_WIDTH:.1f}" lengthAdjust="spacingAndGlyphs"{look}>{escape(text)}</text>')

    wide, high = round(2 * MARGIN + columns * CELL_WIDTH), BAR + 2 * MARGIN + len(lines) * LINE_HEIGHT
    dots = "".join(f'<circle cx="{18 + 18 * i}" cy="17" r="5.5" fill="{fill}"/>' for i, fill in enumerate(["#e06c75", "#e5c07b", "#8cc570"]))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" role="img" aria-label="{escape(title)}">',
        f'<rect width="{wide}" height="{high}" rx="8" fill="{BACKGROUND}"/>{dots}',
        f'<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="{FONT_SIZE}" fill="{FOREGROUND}" xml:space="preserve">',
        f'<text x="{wide / 2:.0f}" y="22" text-anchor="middle" opacity="0.65">{escape(title)}</text>',
        *drawn, "</g>", "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--title", default="shoal")
    given = parser.parse_args()
    lines = [line.rstrip() for line in sys.stdin.read().split("\n")]
    while lines and not CODE.sub("", lines[-1]).strip():
        lines.pop()
    sys.stdout.write(draw(lines, given.title))


if __name__ == "__main__":
    main()
