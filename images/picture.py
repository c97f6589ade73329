"""A terminal's screen as a sharp PNG: drawn as SVG, cell by cell, and made small."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path

from pyte.screens import Char
from terminal import Screen, Terminal

CELL, LINE, MARGIN, TITLE = 9.032, 18, 14, 28  # pixels, of DejaVu Sans Mono at 15 of them
NARROWEST = 36  # columns, so that terminals side by side look alike
ZOOM = 2  # so that it is sharp on screens with small pixels
COLOURS = {"black": "#6a737d", "red": "#e5534b", "green": "#57ab5a", "brown": "#d6a13c",
           "blue": "#6cb6ff", "magenta": "#dcbdfb", "cyan": "#39c5cf", "white": "#cdd9e5"}
PAGE = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"
     font-family="DejaVu Sans Mono" font-size="15" fill="#cdd9e5" xml:space="preserve">
<rect width="100%" height="100%" fill="#1c2128"/>
<rect width="100%" height="{bar}" fill="#2d333b"/>
<text x="{margin}" y="19" font-size="13" font-weight="bold" fill="#909dab">{title}</text>
{text}
</svg>"""


def take(terminal: Terminal, path: Path) -> None:
    """Writes the screen, cut to what stands on it."""
    drawing = to_svg(terminal.screen, terminal.title, terminal.text().splitlines())
    _run("rsvg-convert", f"--zoom={ZOOM}", f"--output={path}", text=drawing)
    _run("pngquant", "--force", "--speed=1", f"--output={path}", "64", str(path))


def to_svg(screen: Screen, title: str, lines: list[str]) -> str:
    """The lines at the top of a screen, with their colours."""
    width = math.ceil(max(NARROWEST, *map(len, lines)) * CELL) + 2 * MARGIN
    height = TITLE + len(lines) * LINE + 2 * MARGIN
    spans = [span for row in range(len(lines)) for span in _spans(screen, row)]
    return PAGE.format(width=width, height=height, bar=TITLE, margin=MARGIN, title=escape(title),
                       text="\n".join(spans))


def _spans(screen: Screen, row: int) -> Iterator[str]:
    """Each run of cells that look alike, at its place."""
    cells = [screen.buffer[row][column] for column in range(screen.columns)]
    column = 0
    for (colour, bold, faint), run in groupby(cells, _look):
        text = "".join(cell.data for cell in run)
        look = f' fill="{COLOURS[colour]}"' if colour in COLOURS else ""
        look += ' font-weight="bold"' * bold + ' opacity="0.6"' * faint
        if text.strip():
            yield (f'<text x="{MARGIN + column * CELL:.2f}" y="{TITLE + MARGIN + row * LINE + 14}"'
                   f"{look}>{escape(text.rstrip())}</text>")
        column += len(text)


def _look(cell: Char) -> tuple[str, bool, bool]:
    return cell.fg, cell.bold, cell.italics


def _run(*command: str, text: str = "") -> None:
    done = subprocess.run(command, input=text, encoding="utf-8", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise OSError(f"{command[0]} failed: {done.stdout[-500:]}")
