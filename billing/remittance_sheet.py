"""A remittance's CSV -> its rows, each as an entry or as problems (pure).

One row says that a payment (`reference`) has so much for an invoice. Columns go by several names.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from trips.intake.cells import BadCell, day, folded
from trips.intake.manifest import BadManifest, Problem, decoded

COLUMNS = {
    "invoice": ("invoice", "invoice number", "invoice no", "claim", "number"),
    "amount": ("amount", "paid", "paid amount", "amount paid"),
    "date": ("date", "paid on", "received on", "payment date", "check date"),
    "reference": ("reference", "check", "check number", "check no", "eft", "trace", "trace number"),
}
_BY_NAME = {folded(name): column for column, names in COLUMNS.items() for name in names}
_AMOUNT = re.compile(r"[0-9]{1,10}(?:[.,][0-9]{1,3})?")
_DELIMITERS = ",;\t"
LONGEST = 120


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, as a spreadsheet counts them; `amount` in whole units of the invoice's currency."""

    row: int
    invoice: str
    amount: Decimal
    on: date
    reference: str


def read(content: bytes, most_rows: int, today: date) -> tuple[list[Entry], list[Problem]]:
    """Every entry, and all that is wrong; BadManifest where the file is none that can be read."""
    text = decoded(content)
    delimiter = max(_DELIMITERS, key=lambda sign: len(_columns(text, sign)))
    columns = _columns(text, delimiter)
    if missing := [name for name in COLUMNS if name not in columns]:
        raise BadManifest(f"The first row names no column {', '.join(missing)}.")
    entries: list[Entry] = []
    problems: list[Problem] = []
    for count, (row, cells) in enumerate(_rows(text, delimiter), start=1):
        if count > most_rows:
            raise BadManifest(f"More than {most_rows} rows: divide the file.")
        values = {
            name: cells[at].strip() if at < len(cells) else "" for name, at in columns.items()
        }
        entry = _entry(row, values, today, problems)
        entries += [entry] if entry else []
    return entries, problems


def _columns(text: str, delimiter: str) -> dict[str, int]:
    """{column: its place}; the first of several counts."""
    try:
        headings = next(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return {}
    found: dict[str, int] = {}
    for at, heading in enumerate(headings):
        if name := _BY_NAME.get(folded(heading)):
            found.setdefault(name, at)
    return found


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    row = 0
    try:
        lines = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        for row, cells in enumerate(lines, start=1):
            if row > 1 and any(cell.strip() for cell in cells):
                yield row, cells
    except csv.Error:
        raise BadManifest(f"After row {row} a quote is opened or closed wrongly.") from None


def _entry(row: int, values: dict[str, str], today: date, problems: list[Problem]) -> Entry | None:
    wrong = [
        Problem(row, name, "This cell is needed.") for name, cell in values.items() if not cell
    ]
    amount, on = Decimal(0), today
    try:
        amount = _amount(values["amount"]) if values["amount"] else amount
    except BadCell as bad:
        wrong.append(Problem(row, "amount", str(bad)))
    try:
        on = day(values["date"]) if values["date"] else on
        if on > today:
            wrong.append(Problem(row, "date", "This day is still to come."))
    except BadCell as bad:
        wrong.append(Problem(row, "date", str(bad)))
    for name in ("invoice", "reference"):
        if len(values[name]) > LONGEST or not values[name].isprintable():
            wrong.append(Problem(row, name, f"A text of up to {LONGEST} characters."))
    problems += wrong
    if wrong:
        return None
    return Entry(row, values["invoice"], amount, on, values["reference"])


def _amount(cell: str) -> Decimal:
    plain = cell.lstrip("$€£ ")
    if plain.startswith(("-", "(")):
        raise BadCell("Money that is taken back is recorded as a refund, by hand.")
    # Thousands are set off only where what follows has decimals, too: 1,234.50.
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]{1,3}", plain):
        plain = plain.replace(",", "")
    if not _AMOUNT.fullmatch(plain) or not (amount := Decimal(plain.replace(",", "."))):
        raise BadCell("An amount above 0, such as 12.50.")
    return amount
