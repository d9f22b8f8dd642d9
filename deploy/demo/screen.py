"""What a person sees: lines with the time of the run, sections, tables. Colour only on a terminal, never with NO_COLOR."""

import os
import sys
import time
import unicodedata

_start = time.monotonic()
_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
_styles = {"bold": "1", "dim": "2", "green": "32", "red": "31", "yellow": "33", "cyan": "36"}


def styled(text, style):
    return f"\033[{_styles[style]}m{text}\033[0m" if _colour and style else text


def say(text="", style=None):
    print(styled(text, style), flush=True)


def section(title):
    say()
    say(title, "bold")


def event(mark, text, style=None):
    """A thing that has just happened, with the seconds since the start."""
    print(f"{styled(f'{time.monotonic() - _start:6.1f} s', 'dim')}  {styled(mark, style)} {text}", flush=True)


def width(text):
    """Columns that a text takes on a terminal: wide characters take two, combining ones none."""
    columns = 0
    for character in text:
        if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def table(headings, rows, right=()):
    """Prints rows under headings; the columns named in `right` are set to the right."""
    cells = [headings] + [[str(cell) for cell in row] for row in rows]
    widths = [max(width(row[column]) for row in cells) for column in range(len(headings))]
    for number, row in enumerate(cells):
        parts = []
        for column, cell in enumerate(row):
            fill = " " * (widths[column] - width(cell))
            parts.append(fill + cell if headings[column] in right else cell + fill)
        say("  " + "  ".join(parts).rstrip(), "bold" if number == 0 else None)
        if number == 0:
            say("  " + "  ".join("─" * one for one in widths), "dim")
