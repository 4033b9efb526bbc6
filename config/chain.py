"""Rows that prove themselves: each holds a hash over its content and the row before (pure).

Whoever alters, removes or inserts a row leaves a link that no longer fits. The form that is
hashed is the same before a row is written and after PostgreSQL gave it back: jsonb forgets the
order of keys and in which of several spellings a number came.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any
from uuid import UUID

#: What the first row of a chain follows.
BEGINNING = ""


class Fault(StrEnum):
    """What is wrong at one number of a chain."""

    ALTERED = "altered"  # its content is not what was hashed
    MISSING = "missing"  # rows after it are there
    TRUNCATED = "truncated"  # it was among the last
    INSERTED = "inserted"  # beyond the end, or without a hash
    UNLINKED = "unlinked"  # it does not follow from the row before: one of both was replaced


@dataclass(frozen=True, slots=True)
class Link:
    """One row: its number in the chain (from 1), what is hashed, and both hashes as stored."""

    number: int
    content: Mapping[str, Any]
    previous_hash: str
    hash: str


def link_hash(previous_hash: str, content: Mapping[str, Any]) -> str:
    """SHA-256 (64 hex digits) of a row that follows the one with `previous_hash`."""
    return hashlib.sha256(previous_hash.encode() + b"\n" + canonical(content)).hexdigest()


def canonical(content: Mapping[str, Any]) -> bytes:
    """`content` as JSON: sorted keys, no spaces, UTC times with microseconds, plain numbers.

    Columns that are None are left out, so that a column added later, empty for the rows of
    before, leaves their hashes true. TypeError or ValueError for what has no such form.
    """
    present = {name: _plain(value) for name, value in content.items() if value is not None}
    text = json.dumps(present, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def faults(links: Iterable[Link], length: int) -> Iterator[tuple[int, Fault]]:
    """(number, fault) for all that is wrong with a chain of which `length` rows were written.

    `links` come in order of their numbers.
    """
    number, previous_hash = 0, BEGINNING
    for link in links:
        yield from ((gone, Fault.MISSING) for gone in range(number + 1, link.number))
        follows = link.number == number + 1
        number = link.number
        if number > length or not link.hash:
            yield number, Fault.INSERTED
        elif link.hash != link_hash(link.previous_hash, link.content):
            yield number, Fault.ALTERED
        elif follows and link.previous_hash != previous_hash:
            yield number, Fault.UNLINKED
        previous_hash = link.hash
    yield from ((gone, Fault.TRUNCATED) for gone in range(number + 1, length + 1))


def _plain(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return str(value)
        case int():
            return int(value)
        case float() | Decimal():
            return _number(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a time without a zone is no evidence")
            return value.astimezone(UTC).isoformat(timespec="microseconds")
        case date() | UUID():
            return str(value)
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be hashed")


def _number(value: float | Decimal) -> int | float | str:
    """1, 1.0 and Decimal("1.00") are one number, and -0.0 is 0."""
    if not isfinite(value):
        raise ValueError("NaN and infinity cannot be hashed")
    if value == int(value):
        return int(value)
    return str(value.normalize()) if isinstance(value, Decimal) else float(value)
