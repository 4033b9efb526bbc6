"""The columns of a manifest: names, what else they are called, what they hold (pure)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trips.intake import cells

Parse = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`name` and `aliases` are compared folded; `parse` is None where other cells are needed."""

    name: str
    aliases: tuple[str, ...]
    about: str
    parse: Parse | None


def _c(name: str, aliases: str, about: str, parse: Parse | None) -> Column:
    return Column(name, tuple(alias for alias in aliases.split(", ") if alias), about, parse)


_text = cells.text_of

COLUMNS = (
    _c(
        "external_id",
        "trip id, trip number, trip no, reference, confirmation, booking id",
        "the booker's own id of the trip; by it a second import finds the trip",
        # The return leg's has two characters more.
        _text(62),
    ),
    _c("patient_id", "", "our id of the patient", cells.identity),
    _c(
        "member_id",
        "member, medicaid id, member number, insurance id",
        "the patient's id at the payer",
        _text(64),
    ),
    _c(
        "patient",
        "patient name, name, rider, rider name, passenger, member name",
        "the patient's name",
        _text(120),
    ),
    _c("patient_phone", "phone, rider phone", "only for a patient who is created", _text(32)),
    _c("patient_email", "email, rider email", "only for a patient who is created", _text(254)),
    _c("facility", "clinic, facility name", "name or id of a facility of ours", _text(120)),
    _c("payer", "broker, plan, funding source", "name or id of an active payer", _text(120)),
    _c(
        "mobility",
        "level of service, los, service level, space type, vehicle type",
        "ambulatory (default), wheelchair, bariatric_wheelchair, stretcher, bariatric_stretcher;"
        " also AMB, WC, STR",
        cells.one_of(cells.MOBILITY),
    ),
    _c(
        "needs",
        "special needs, equipment",
        "a list divided by `;`, `,` or a bar, e.g. `oxygen;walker`",
        cells.listed,
    ),
    _c("escorts", "escort, companions, attendants", "0 to 9", cells.number_between(0, 9)),
    _c(
        "pickup_address",
        "pickup, pick up, pick up address, pu address, origin",
        "where from",
        _text(250),
    ),
    _c(
        "pickup_latitude",
        "pickup lat, pu lat, origin lat",
        "degrees; empty: the address book's",
        cells.degrees(90),
    ),
    _c(
        "pickup_longitude",
        "pickup lon, pickup lng, pu lon, pu lng, origin lng",
        "degrees",
        cells.degrees(180),
    ),
    _c(
        "dropoff_address",
        "dropoff, drop off, drop off address, do address, destination",
        "where to",
        _text(250),
    ),
    _c(
        "dropoff_latitude",
        "dropoff lat, do lat, destination lat",
        "degrees; empty: the address book's",
        cells.degrees(90),
    ),
    _c(
        "dropoff_longitude",
        "dropoff lon, dropoff lng, do lon, do lng, destination lng",
        "degrees",
        cells.degrees(180),
    ),
    _c(
        "date",
        "day, trip date, service date, date of service",
        "`2026-11-20`, `11/20/2026` (month first) or `20.11.2026`",
        cells.day,
    ),
    _c(
        "pickup_time",
        "time, pu time, scheduled at, scheduled pickup",
        "`08:30` or `8:30 AM` of `date`, in the company's time zone; or a whole moment,"
        " `2026-11-20T08:30:00+01:00`",
        None,
    ),
    _c(
        "appointment",
        "appointment time, appt, appt time, appointment at",
        "the same forms",
        None,
    ),
    _c(
        "window_minutes",
        "window, pickup window",
        "0 to 240, default 30",
        cells.number_between(0, 240),
    ),
    _c(
        "return",
        "return kind, return type, trip type, round trip",
        "none (default), timed, will_call: the leg back, from the drop-off to the pick-up",
        cells.one_of(cells.RETURNS),
    ),
    _c("return_time", "return pickup, return at", "of a timed return; the same forms", None),
    _c("copay", "co pay, copayment", "the patient's own part, e.g. `3.50`", cells.cents),
    _c(
        "authorization_number",
        "authorization, auth, auth number, prior auth",
        "the payer's",
        _text(64),
    ),
    _c("notes", "note, comments, instructions", "for driver and dispatcher", _text(2000)),
)

BY_NAME = {column.name: column for column in COLUMNS}
_KNOWN = {
    cells.folded(word): column.name for column in COLUMNS for word in (column.name, *column.aliases)
}
#: Without these there is no trip in a row; of `WHO` one is enough.
REQUIRED = ("pickup_address", "dropoff_address", "pickup_time")
WHO = ("patient_id", "member_id", "patient")


def column_of(heading: str) -> str | None:
    """The column that a heading means, or None."""
    return _KNOWN.get(cells.folded(heading))
