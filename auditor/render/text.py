"""Safe text, the console, and JSON: nothing that an audited system wrote can move a cursor or reverse a line."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import Any, TextIO, cast

import msgspec
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDTH = 120
"""Columns where the output is no terminal, so that the same input gives the same bytes."""
NARROW = 110
"""Columns below which tables of many columns are drawn for a narrow terminal."""


def safe(text: object) -> str:
    """Text with every control, format (bidirectional marks among them), surrogate and private character escaped."""
    return "".join(c if _harmless(c) else f"\\u{ord(c):04x}" for c in str(text))


def _harmless(character: str) -> bool:
    return character == " " or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")


def line(*parts: tuple[object, str] | str) -> Text:
    """One line of parts, each a text or a pair of text and style. Nothing in it is read as markup."""
    made = Text()
    for part in parts:
        text, style = part if isinstance(part, tuple) else (part, "")
        made.append(safe(text), style)
    return made


def second(time: str) -> str:
    """An RFC 3339 time to the second, as people read it; the evidence holds it whole."""
    return f"{time[:19]}Z" if len(time) > 20 and time.endswith("Z") else time


def fields(out: Console, rows: list[tuple[str, Text | str]]) -> None:
    """Rows of a label and a text, the text's further lines below its first."""
    table = Table.grid(padding=(0, 1), expand=False)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, text if isinstance(text, Text) else line(text))
    out.print(Padding(table, (0, 0, 0, 2)))


def console(stream: TextIO | None = None) -> Console:
    """The console for standard output, or another stream: colours on a terminal only, a fixed width elsewhere."""
    out = stream or sys.stdout
    width = None if out.isatty() else WIDTH
    file: TextIO = out if out.isatty() else cast("TextIO", _Trimmed(out))
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


class _Trimmed:
    """A stream without the spaces that fill a table's last column."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write("\n".join(row.rstrip() for row in text.split("\n")))

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return False


def to_json(thing: Any) -> str:
    """Indented JSON with sorted keys. Format and control characters are escaped in it too, so it is safe to look at."""
    text = msgspec.json.format(msgspec.json.encode(thing, order="sorted"), indent=2).decode()
    return _ODD.sub(lambda odd: odd[0] if _harmless(odd[0]) else json.dumps(odd[0])[1:-1], text)


_ODD = re.compile(r"[^\n -~]")
"""What is not plain ASCII, and so must be looked at."""


def print_json(thing: Any) -> None:
    """Write a thing to standard output as JSON."""
    sys.stdout.write(to_json(thing) + "\n")
