"""A manifest's bytes -> its rows, each as an entry or as problems (pure).

Cells that begin like a formula are data and kept as they are; exports quote them.
"""

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from trips.intake.cells import BadCell, folded, moment
from trips.intake.columns import BY_NAME, REQUIRED, WHO, column_of

#: How far from now a trip may be: beyond it a year was mistyped.
PAST, AHEAD = timedelta(days=1), timedelta(days=400)
LONGEST_STAY = timedelta(hours=24)
RETURN_SUFFIX = "-R"
KEY_PREFIX = "row:"

_BOMS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_ENCODINGS = ("utf-8", "cp1252", "latin-1")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_DELIMITERS = ",;\t"
_TIMES = ("pickup_time", "appointment", "return_time")


class BadManifest(ValueError):
    """The file as a whole cannot be read."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell; `row` as a spreadsheet counts, `column` of ours or empty."""

    row: int
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: its identity `key`, the cells' `values` by column, and the times in UTC."""

    row: int
    key: str
    values: dict[str, Any]
    scheduled_at: datetime
    appointment_at: datetime | None = None
    return_at: datetime | None = None

    @property
    def return_kind(self) -> str:
        """none, timed or will_call."""
        return str(self.values.get("return", "none"))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A manifest's text, how it is divided, and the column (or None) of each heading."""

    text: str
    delimiter: str
    columns: tuple[str | None, ...]
    ignored: tuple[str, ...] = field(default=())

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row number, cells) of what is not empty; BadManifest where quotes do not match."""
        reader = csv.reader(io.StringIO(self.text), delimiter=self.delimiter, strict=True)
        row = 0
        try:
            for row, cells in enumerate(reader, start=1):
                if row > 1 and any(cell.strip() for cell in cells):
                    yield row, cells
        except csv.Error:
            raise BadManifest(f"After row {row} a quote is opened or closed wrongly.") from None


def open_sheet(content: bytes) -> Sheet:
    """The manifest in `content`; BadManifest where it is none that can be read."""
    text = decoded(content)
    headings = {sign: _first_row(text, sign) for sign in _DELIMITERS}
    delimiter = max(_DELIMITERS, key=lambda sign: sum(map(bool, map(column_of, headings[sign]))))
    found = headings[delimiter]
    columns = tuple(column_of(heading) for heading in found)
    _check_columns(columns)
    ignored = tuple(heading.strip()[:64] for heading in found if not column_of(heading))
    return Sheet(text, delimiter, columns, tuple(filter(None, ignored)))


def decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, else Windows-1252 or Latin-1."""
    if content.startswith(_WORKBOOKS):
        raise BadManifest("This is a workbook: save the sheet as CSV.")
    marked = [name for mark, name in _BOMS.items() if content.startswith(mark)]
    for encoding in marked or _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadManifest("The file's text cannot be read: save it as UTF-8.")


def _first_row(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _check_columns(columns: tuple[str | None, ...]) -> None:
    named = [name for name in columns if name]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise BadManifest(f"Several columns are {', '.join(twice)}.")
    missing = [name for name in REQUIRED if name not in named]
    if not set(WHO) & set(named):
        missing.append(" or ".join(WHO))
    if missing:
        raise BadManifest(f"The first row names no column {', '.join(missing)}.")


class Reader:
    """Rows of one sheet, one after the other; remembers which trips it has seen."""

    def __init__(self, sheet: Sheet, zone: ZoneInfo, now: datetime) -> None:
        self.sheet, self.zone, self.now = sheet, zone, now
        self._seen: dict[str, int] = {}

    def read(self, row: int, cells: list[str]) -> tuple[Entry | None, list[Problem]]:
        """The row's entry, or what is wrong with it."""
        problems: list[Problem] = []
        values = self._values(row, cells, problems)
        problems += _missing(row, values, {problem.column for problem in problems})
        times = self._times(row, values, problems)
        if problems:
            return None, problems
        key = str(values.get("external_id") or row_key(values, times["pickup_time"]))
        if (first := self._seen.setdefault(key, row)) != row:
            return None, [Problem(row, "external_id", f"The same trip as row {first}.")]
        return (
            Entry(
                row,
                key,
                values,
                times["pickup_time"],
                times.get("appointment"),
                times.get("return_time"),
            ),
            [],
        )

    def _values(self, row: int, cells: list[str], problems: list[Problem]) -> dict[str, Any]:
        if any(cell.strip() for cell in cells[len(self.sheet.columns) :]):
            problems.append(Problem(row, "", "More cells than there are headings."))
        values: dict[str, Any] = {}
        for name, cell in zip(self.sheet.columns, cells, strict=False):
            if name is None or not (text := _clean(cell)):
                continue
            parse = BY_NAME[name].parse
            try:
                values[name] = parse(_printable(text)) if parse else _printable(text)
            except BadCell as bad:
                problems.append(Problem(row, name, str(bad)))
        return values

    def _times(
        self, row: int, values: dict[str, Any], problems: list[Problem]
    ) -> dict[str, datetime]:
        times: dict[str, datetime] = {}
        # With a bad day the times are still read, for what else is wrong with them.
        bad_day = any(problem.column == "date" for problem in problems)
        on = self.now.date() if bad_day else values.get("date")
        for name in _TIMES:
            if name not in values:
                continue
            try:
                at = moment(values[name], on, self.zone)
                times |= {} if bad_day else {name: at}
            except BadCell as bad:
                problems.append(Problem(row, name, str(bad)))
        problems += [Problem(row, *wrong) for wrong in self._wrong_times(values, times)]
        return times

    def _wrong_times(
        self, values: dict[str, Any], times: dict[str, datetime]
    ) -> Iterator[tuple[str, str]]:
        pickup, returns = times.get("pickup_time"), values.get("return", "none")
        if pickup and not self.now - PAST <= pickup <= self.now + AHEAD:
            yield "pickup_time", f"More than {PAST.days} day ago or {AHEAD.days} days ahead."
        for name in ("appointment", "return_time"):
            at = times.get(name)
            if at and pickup and not timedelta() <= at - pickup <= LONGEST_STAY:
                yield name, "Not within 24 hours after the pick-up."
        if (returns == "timed") != ("return_time" in values):
            yield "return_time", "A timed return has a time, and only a timed one."


def row_key(values: dict[str, Any], scheduled_at: datetime) -> str:
    """Identity of a row without an id: who, when, from where and to where, as it is written."""
    who = next(f"{name}={folded(str(values[name]))}" for name in WHO if name in values)
    places = [folded(values[f"{end}_address"]) for end in ("pickup", "dropoff")]
    parts = "\x1f".join([who, scheduled_at.isoformat(), *places])
    return KEY_PREFIX + hashlib.sha256(parts.encode()).hexdigest()[:40]


def _missing(row: int, values: dict[str, Any], bad: set[str]) -> Iterator[Problem]:
    """What is not there and not already complained about."""
    for name in REQUIRED:
        if name not in values.keys() | bad:
            yield Problem(row, name, "This cell is needed.")
    if not set(WHO) & (values.keys() | bad):
        yield Problem(row, "patient", "Who rides? patient_id, member_id or patient.")
    for end in ("pickup", "dropoff"):
        pair = {f"{end}_latitude", f"{end}_longitude"}
        if len(pair & (values.keys() | bad)) == 1:
            yield Problem(row, f"{end}_latitude", "Latitude and longitude come together.")


def _clean(cell: str) -> str:
    """Without blanks around; lines of one cell become one."""
    return " ".join(cell.replace("\u00a0", " ").split())


def _printable(text: str) -> str:
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise BadCell("A sign in it is no text.")
    return text
