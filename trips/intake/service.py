"""The import: every row is checked first; then all trips are written in one transaction, or none.

Each leg has a key, kept in `Trip.external_id`: the booker's id, or a digest of the row. What
is there already is left as it is, so that the same file may come again.
"""

import gzip
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection
from django.utils import timezone

from trips import task_runs
from trips.booking import BATCH, book_trips
from trips.events.log import recording
from trips.intake.addresses import Points, points_of
from trips.intake.directory import Directory, Rider, Unknown, problem
from trips.intake.manifest import (
    RETURN_SUFFIX,
    BadManifest,
    Entry,
    Problem,
    Reader,
    Sheet,
    open_sheet,
)
from trips.lifecycle import OPEN, Status
from trips.models import Company, Patient, TaskRun, Trip
from trips.task_runs import Outcome, Report
from users.models import User

#: Problems, and changed rows, that an answer lists; all are counted.
MOST_LISTED = 1_000


@dataclass(slots=True)
class Leg:
    """One trip of the file; `rider` may be somebody who is not on record yet."""

    row: int
    key: str
    rider: Rider
    fields: dict[str, Any]
    return_of: str = ""


@dataclass
class Check:
    """What a file comes to before anything is written."""

    rows: int = 0
    legs: list[Leg] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    new_patients: dict[Rider, dict[str, Any]] = field(default_factory=dict)


def run_import(run: TaskRun, report: Report) -> Outcome:
    """The work of the job: check the file and, unless it is a dry run, import it."""
    options = run.parameters
    sheet = open_sheet(gzip.decompress(bytes(run.content or b"")))
    checked = check(sheet, run.owner, report, create_patients=options["create_patients"])
    known = _known(leg.key for leg in checked.legs)
    result = _summary(checked, known) | {"ignored_columns": list(sheet.ignored)}
    if checked.problems:
        return Outcome(result | {"outcome": "refused" if not options["dry_run"] else "checked"})
    if options["dry_run"]:
        return Outcome(result | {"outcome": "checked"})

    def show(written: int, of: int) -> None:
        task_runs.show(run, checked.rows * (of + written) // of, 2 * checked.rows)

    new = write(checked, run.owner, show, accept=options["accept"])
    counts = {"new": new, "known": len(checked.legs) - new}
    return Outcome(result | counts | {"outcome": "imported"})


# --- checking


def check(sheet: Sheet, user: User, report: Report, *, create_patients: bool) -> Check:
    """Every row, with all that is wrong; `report` after each."""
    try:
        rows = list(sheet.rows())
    except BadManifest as bad:
        return Check(problems=[Problem(0, "", str(bad))])
    if len(rows) > settings.MAX_IMPORT_ROWS:
        text = f"More than {settings.MAX_IMPORT_ROWS} rows: divide the file."
        return Check(len(rows), problems=[Problem(0, "", text)])
    checked = Check(len(rows))
    directory = Directory(user, create_patients=create_patients)
    entries = list(_entries(sheet, rows, report, checked.problems))
    points = _points(entries)
    for entry in entries:
        try:
            checked.legs += _legs(entry, directory, points)
        except Unknown as unknown:
            checked.problems.append(problem(entry, unknown))
    checked.new_patients = directory.new_patients
    checked.problems.sort(key=lambda found: found.row)
    return checked


def _entries(
    sheet: Sheet, rows: list[tuple[int, list[str]]], report: Report, problems: list[Problem]
) -> Iterator[Entry]:
    reader = Reader(sheet, ZoneInfo(Company.get().time_zone), timezone.now())
    for count, (row, cells) in enumerate(rows, start=1):
        entry, wrong = reader.read(row, cells)
        problems += wrong
        if entry is not None:
            yield entry
        # Half of the way: the other half is the writing.
        report(count, 2 * len(rows))


def _points(entries: list[Entry]) -> Points:
    """Where the address book has those addresses that came without coordinates."""
    wanted = {
        entry.values[f"{end}_address"]
        for entry in entries
        for end in ("pickup", "dropoff")
        if f"{end}_latitude" not in entry.values
    }
    return points_of(wanted)


def _legs(entry: Entry, directory: Directory, points: Points) -> Iterator[Leg]:
    values = entry.values
    rider = directory.rider(entry)
    _check_email(values)
    fields = {
        "facility_id": directory.facility(entry),
        "payer_id": directory.payer(entry),
        "copay_cents": values.get("copay", 0),
    }
    for name in _AS_THEY_ARE & values.keys():
        fields[name] = values[name]
    there = _place(values, "pickup", points), _place(values, "dropoff", points)
    times = {"scheduled_at": entry.scheduled_at, "appointment_at": entry.appointment_at}
    yield Leg(entry.row, entry.key, rider, fields | _ends(*there) | times)
    if entry.return_kind == "none":
        return
    back = fields | _ends(*reversed(there)) | {"scheduled_at": entry.return_at}
    if entry.return_kind == "will_call":
        back["status"] = Status.WILL_CALL.value
    yield Leg(entry.row, entry.key + RETURN_SUFFIX, rider, back, return_of=entry.key)


_AS_THEY_ARE = {
    "mobility",
    "needs",
    "escorts",
    "notes",
    "window_minutes",
    "authorization_number",
}
Place = tuple[str, float, float]


def _check_email(values: dict[str, Any]) -> None:
    try:
        if "patient_email" in values:
            validate_email(values["patient_email"])
    except ValidationError:
        raise Unknown("patient_email", "This is no mail address.") from None


def _place(values: dict[str, Any], end: str, points: Points) -> Place:
    address: str = values[f"{end}_address"]
    if f"{end}_latitude" in values:
        return address, values[f"{end}_latitude"], values[f"{end}_longitude"]
    if (point := points.get(address)) is None:
        text = "No coordinates, and the address book does not know the address."
        raise Unknown(f"{end}_latitude", text)
    return address, *point


def _ends(pickup: Place, dropoff: Place) -> dict[str, Any]:
    names = ("address", "latitude", "longitude")
    ends = {f"pickup_{name}": value for name, value in zip(names, pickup, strict=True)}
    return ends | {f"dropoff_{name}": value for name, value in zip(names, dropoff, strict=True)}


# --- what is there already


def _known(keys: Iterable[str]) -> dict[str, Trip]:
    trips = Trip.objects.filter(external_id__in=list(keys)).only(*_COMPARED, "external_id")
    return {trip.external_id: trip for trip in trips}


_COMPARED = ("status", "scheduled_at", "pickup_address", "dropoff_address", "mobility")


def _summary(checked: Check, known: dict[str, Trip]) -> dict[str, Any]:
    there = [leg for leg in checked.legs if leg.key in known]
    changed = list(filter(None, (_changes(leg, known[leg.key]) for leg in there)))
    return {
        "rows": checked.rows,
        "new": len(checked.legs) - len(there),
        "known": len(there),
        "new_patients": len(checked.new_patients),
        "error_count": len(checked.problems),
        "errors": [asdict(found) for found in checked.problems[:MOST_LISTED]],
        "changed_count": len(changed),
        "changed": changed[:MOST_LISTED],
    }


def _changes(leg: Leg, trip: Trip) -> dict[str, Any] | None:
    """Where the file says something else than the open trip; the trip is left as it is."""
    if Status(trip.status) not in OPEN:
        return None
    names = [
        name
        for name in _COMPARED[1:]
        if name in leg.fields and leg.fields[name] != getattr(trip, name)
    ]
    return {"row": leg.row, "trip_id": trip.pk, "fields": names} if names else None


# --- writing


def write(checked: Check, user: User, show: Report, *, accept: bool) -> int:
    """Book what is not there yet, in one transaction; how many trips. `show` after each batch."""
    written = 0
    with recording():
        with connection.cursor() as cursor:
            # The same file twice at once: the second finds what the first has written.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trips.intake'))")
        ids = {key: trip.pk for key, trip in _known(leg.key for leg in checked.legs).items()}
        new = [leg for leg in checked.legs if leg.key not in ids]
        # Legs back name the trips that they follow.
        new.sort(key=lambda leg: bool(leg.return_of))
        patients = _create_patients(checked, new)
        for batch in _batches(new):
            bookings = [_booking(leg, patients, ids) for leg in batch]
            for trip in book_trips(user=user, bookings=bookings, accept=accept):
                ids[trip.external_id] = trip.pk
            written += len(batch)
            show(written, len(new))
    return len(new)


def _batches(legs: list[Leg]) -> Iterator[list[Leg]]:
    """At most BATCH at a time; a leg back never beside what it follows."""
    for _, kind in groupby(legs, key=lambda leg: bool(leg.return_of)):
        rest = list(kind)
        yield from (rest[n : n + BATCH] for n in range(0, len(rest), BATCH))


def _booking(leg: Leg, patients: dict[Rider, int], ids: dict[str, int]) -> dict[str, Any]:
    patient_id = leg.rider if isinstance(leg.rider, int) else patients[leg.rider]
    own = {"external_id": leg.key, "patient_id": patient_id}
    return leg.fields | own | {"return_of_id": ids[leg.return_of] if leg.return_of else None}


def _create_patients(checked: Check, new: list[Leg]) -> dict[Rider, int]:
    """Those who ride in a new trip, each linked with the facilities of their rows."""
    needed = dict.fromkeys(leg.rider for leg in new if leg.rider in checked.new_patients)
    created = Patient.objects.bulk_create(
        [Patient(**checked.new_patients[rider]) for rider in needed], batch_size=BATCH
    )
    ids = {rider: patient.pk for rider, patient in zip(needed, created, strict=True)}
    links = {
        (ids[leg.rider], leg.fields["facility_id"])
        for leg in new
        if leg.rider in ids and leg.fields["facility_id"]
    }
    Through = Patient.facilities.through
    Through.objects.bulk_create(
        [Through(patient_id=patient, facility_id=facility) for patient, facility in sorted(links)]
    )
    return ids
