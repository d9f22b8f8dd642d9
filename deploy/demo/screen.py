"""What a person sees: lines with the time of the run, sections, tables, a running clock. Fits the terminal's width.

Colour and lines that rewrite themselves only on a terminal, and no colour with NO_COLOR.
"""

import os
import shutil
import sys
import time
import unicodedata

_start = time.monotonic()
_terminal = sys.stdout.isatty()
_colour = _terminal and "NO_COLOR" not in os.environ
_styles = {"bold": "1", "dim": "2", "green": "32", "red": "31", "yellow": "33", "cyan": "36"}
_clock = None
INDENT = 13


def styled(text, style):
    return f"\033[{_styles[style]}m{text}\033[0m" if _colour and style else text


def columns():
    """The terminal's width; a file or pipe is as wide as COLUMNS says, else 120."""
    return max(40, shutil.get_terminal_size((120, 24)).columns)


def say(text="", style=None):
    """A line or a paragraph, set into the width with the indentation that it begins with; behind a mark with more."""
    _clear_clock()
    begin = len(text) - len(text.lstrip(" "))
    hang = begin + (2 if text[begin:begin + 1] in ("✓", "✗") else 0)
    for number, line in enumerate(wrapped(text.strip(), columns() - hang) or [""]):
        print(styled((" " * (begin if number == 0 else hang) + line).rstrip(), style), flush=True)


def section(title):
    say()
    say(title, "bold")


def event(mark, text, style=None):
    """A thing that has just happened, with the seconds since the start."""
    _clear_clock()
    first, *rest = wrapped(text, columns() - INDENT)
    print(f"{styled(f'{time.monotonic() - _start:6.1f} s', 'dim')}  {styled(mark, style)}  {first}", flush=True)
    for line in rest:
        print(" " * INDENT + line, flush=True)


def quote(text):
    """What a command printed, as it did; longer lines are cut at the width."""
    _clear_clock()
    for line in text.rstrip("\n").splitlines():
        print("    " + styled(cut(line, columns() - 4), "dim"), flush=True)


class Clock:
    """A line that tells how long something has been waited for: rewritten in place, or one more line each five seconds."""

    def __init__(self):
        self.begun = time.monotonic()
        self.told = 0
        self.is_shown = False

    def seconds(self):
        return time.monotonic() - self.begun

    def tick(self, text):
        global _clock
        if _terminal:
            line = cut(f"{self.seconds():6.1f} s  ◷  {text}", columns() - 1)
            print("\r\033[K" + styled(line, "yellow"), end="", flush=True)
            self.is_shown = True
            _clock = self
        elif self.seconds() >= self.told + 5:
            self.told += 5
            event("◷", f"{self.told} s so far: {text}")

    def stop(self):
        _clear_clock()
        return self.seconds()


def _clear_clock():
    global _clock
    if _clock is not None:
        print("\r\033[K", end="", flush=True)
        _clock = None


def width(text):
    """Columns that a text takes on a terminal: wide characters take two, combining ones none."""
    return sum(_columns_of(character) for character in text)


def _columns_of(character):
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text, limit):
    """The text, or as much of it as fits with an ellipsis behind."""
    if width(text) <= limit:
        return text
    kept, taken = [], 1
    for character in text:
        taken += _columns_of(character)
        if taken > limit:
            break
        kept.append(character)
    return "".join(kept) + "…"


def wrapped(text, limit):
    """The text in lines of at most so many columns, broken at blanks; a longer word is cut."""
    lines, line = [], ""
    for word in text.split(" "):
        word = cut(word, limit)
        if line and width(line) + 1 + width(word) > limit:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return lines + [line] if line or lines else lines


def table(headings, rows, right=(), spare=()):
    """Prints rows under headings; those named in `right` are set to the right, those in `spare` go where it is too wide."""
    cells = [list(headings)] + [[str(cell) for cell in row] for row in rows]
    kept = list(range(len(headings)))
    spare = list(spare)

    def widths():
        return {column: max(width(row[column]) for row in cells) for column in kept}

    while spare and 2 + sum(widths().values()) + 2 * (len(kept) - 1) > columns():
        kept.remove(headings.index(spare.pop(0)))
    found = widths()
    for number, row in enumerate(cells):
        parts = []
        for column in kept:
            fill = " " * (found[column] - width(row[column]))
            parts.append(fill + row[column] if headings[column] in right else row[column] + fill)
        _clear_clock()
        print(styled(cut("  " + "  ".join(parts).rstrip(), columns()), "bold" if number == 0 else None), flush=True)
        if number == 0:
            print(styled(cut("  " + "  ".join("─" * found[column] for column in kept), columns()), "dim"), flush=True)
