"""The rows of a batch's file: one per line of a claim (pure).

Times are by the company's clock; amounts are written in the currency's unit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

#: Column -> what stands in it.
COLUMNS: Mapping[str, str] = {
    "batch": "our number of the batch",
    "claim": "our number of the claim; the payer's answer names it",
    "line": "1, 2, … within the claim",
    "trip": "our number of the trip",
    "invoice": "the invoice's number",
    "provider_id": "our number at the payer",
    "member_id": "the patient's at the payer",
    "patient": "name",
    "authorization_number": "as the payer gave it",
    "service_date": "YYYY-MM-DD",
    "level": "level of service",
    "code": "HCPCS",
    "modifier_1": "origin and destination",
    "modifier_2": "",
    "modifier_3": "",
    "modifier_4": "",
    "units": "quantity",
    "unit": "of what",
    "unit_charge": "of one unit",
    "charge": "of the line",
    "currency": "ISO 4217",
    "patient_paid": "the patient's part, already taken off",
    "arrival_time": "HH:MM at the pick-up",
    "pickup_time": "HH:MM",
    "dropoff_time": "HH:MM",
    "pickup_address": "",
    "dropoff_address": "",
    "miles": "loaded, as measured",
    "driver": "our number of the driver",
    "licence": "of the driver: capitals and digits only",
    "vehicle": "our number of the vehicle",
    "plate": "capitals and digits only",
}
#: For a payer that asks for nothing else.
LAYOUT: tuple[str, ...] = tuple(COLUMNS)
#: What payers take per line.
MOST_MODIFIERS = 4
#: Of a line; all other columns are the same on each line of a claim.
OF_LINE = ("line", "code", "units", "unit", "unit_charge", "charge")
_NUMBERS = frozenset({"units", "unit_charge", "charge", "patient_paid", "miles"})


def line_cells(position: int, line: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of one line: `modifiers` are separated by blanks, the first four are sent."""
    modifiers = str(line["modifiers"]).split()[:MOST_MODIFIERS]
    cells = {name: line[name] for name in OF_LINE if name != "line"}
    named = {f"modifier_{n}": modifier for n, modifier in enumerate(modifiers, start=1)}
    return {"line": position, **cells, **named}


def rows(
    claims: Iterable[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]], layout: Sequence[str]
) -> Iterator[list[object]]:
    """The rows of claims as (shared cells, cells of each line); numbers as numbers."""
    for shared, lines in claims:
        for line in lines:
            cells = {**shared, **line}
            yield [_cell(name, cells.get(name)) for name in layout]


def _cell(name: str, value: object) -> object:
    if value is None:
        return ""
    return Decimal(str(value)) if name in _NUMBERS else value
