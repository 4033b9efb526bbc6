"""Any text made printable (pure): no name makes a document fail, or break out of its column."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

#: Control, format, surrogate, private and unassigned characters print nothing, or reorder text.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
#: Format characters that shape a script or a picture and are harmless.
_SHAPING = frozenset("\u200c\u200d")
_MOST_MARKS = re.compile(r"([\u0300-\u036f]{4})[\u0300-\u036f]+")
#: A word longer than this may be broken anywhere.
_LONG_WORD = re.compile(r"(\S{18})(?=\S)")
_BREAK = "\u200b"


def printable(text: str, most: int) -> str:
    """`text` in one line of at most `most` characters, without what cannot be printed.

    Composed (NFC), blanks are one, long words may be broken, what is cut off ends in `…`.
    """
    shown = "".join(map(_shown, unicodedata.normalize("NFC", text[: most * 4])))
    line = _MOST_MARKS.sub(r"\1", " ".join(shown.split()))
    if len(line) > most:
        line = f"{line[: most - 1].rstrip()}…"
    return _LONG_WORD.sub(rf"\1{_BREAK}", line)


def _shown(char: str) -> str:
    if char in _SHAPING or char.isspace():
        return char
    return "" if unicodedata.category(char) in _UNPRINTABLE else char


def as_data(page: Any, most: Mapping[str, int], most_text: int) -> dict[str, Any]:
    """A page's dataclass as plain data, every text made printable; pictures (`…_svg`) as they are.

    `most` says by field how long a text may be, `most_text` for all others.
    """
    return {
        field.name: _value(field.name, getattr(page, field.name), most, most_text)
        for field in fields(page)
    }


def _value(name: str, value: Any, most: Mapping[str, int], most_text: int) -> Any:
    if isinstance(value, str):
        return value if name.endswith("_svg") else printable(value, most.get(name, most_text))
    if isinstance(value, date):
        return [value.year, value.month, value.day]
    if isinstance(value, Sequence):
        return [_value(name, item, most, most_text) for item in value]
    return as_data(value, most, most_text) if is_dataclass(value) else value
