"""Reading the board's trips: thousands at once, so as rows and not as model objects.

One statement for the trips and one for each table that they refer to, so that every patient and
driver is read once and not once a trip. A quarter of the time of joined model objects.
"""

from collections.abc import Iterable
from datetime import datetime
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from django.db.models import Model

from trips import queries
from trips.models import Driver, Facility, Patient, Payer, Trip, TripEta, Vehicle

#: What `projections.trip_view` reads of a trip.
_COLUMNS = (
    "pk",
    "status",
    "version",
    "state_since",
    "mobility",
    "pickup_address",
    "pickup_latitude",
    "pickup_longitude",
    "dropoff_address",
    "dropoff_latitude",
    "dropoff_longitude",
    "scheduled_at",
    "window_minutes",
    "appointment_at",
    "ready_at",
    "wait_and_return",
    "pinned",
    "needs",
    "escorts",
    "notes",
    "return_of_id",
    "driver_id",
    "vehicle_id",
    "patient_id",
    "facility_id",
    "payer_id",
)
_NAMED: tuple[tuple[str, type[Model]], ...] = (
    ("vehicle", Vehicle),
    ("patient", Patient),
    ("facility", Facility),
    ("payer", Payer),
)
_NAMES = (*_COLUMNS, "driver", *(name for name, _ in _NAMED), "eta")
_FIRST_ID = _COLUMNS.index("driver_id")


class Name(NamedTuple):
    """Somebody or something with a name."""

    pk: int
    name: str


class EtaRow(NamedTuple):
    """The columns of `TripEta` that are shown."""

    trip_id: int
    eta: datetime | None
    lateness_s: int | None
    risk: str
    why: str
    suggestion: str


def trips() -> list[Trip]:
    """The board's trips for `projections`: rows that answer to the names of `Trip`'s fields.

    To be shown only: they have no methods and cannot be saved.
    """
    rows = list(queries.board_trips().values_list(*_COLUMNS))
    ids = [set(column) - {None} for column in zip(*(row[_FIRST_ID:] for row in rows), strict=True)]
    if not ids:
        return []
    drivers_ids, *others_ids = ids
    drivers = Driver.objects.select_related("user").in_bulk(drivers_ids)
    others = zip(_NAMED, others_ids, strict=True)
    named = [_names(model, found) for (_, model), found in others]
    etas = {row[0]: EtaRow(*row) for row in TripEta.objects.values_list(*EtaRow._fields)}
    shown = []
    for row in rows:
        driver_id, *other_ids = row[_FIRST_ID:]
        others_shown = [names.get(key) for names, key in zip(named, other_ids, strict=True)]
        values = *row, drivers.get(driver_id), *others_shown, etas.get(row[0])
        shown.append(SimpleNamespace(**dict(zip(_NAMES, values, strict=True))))
    return cast(list[Trip], shown)


def _names(model: type[Model], ids: Iterable[Any]) -> dict[int, Name]:
    rows = model._default_manager.filter(pk__in=ids)
    return {pk: Name(pk, name) for pk, name in rows.values_list("pk", "name")}
