"""Whom and what a manifest's rows mean: patients, facilities, payers, addresses on record."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from trips import access
from trips.intake.cells import folded
from trips.intake.manifest import Entry, Problem
from trips.models import Facility, Payer
from users.models import User

#: A patient on record by id, or (member id, name) as folded of one who is to be created.
Rider = int | tuple[str, str]


def name_key(name: str) -> str:
    """For comparing names: `Ek, Pia` is `Pia Ek`."""
    family, comma, given = name.partition(",")
    return folded(f"{given} {family}" if comma else name)


class Unknown(ValueError):
    """(column, words): nobody and nothing on record is meant."""


class Directory:
    """Read in a few statements, then asked for each row."""

    def __init__(self, user: User, *, create_patients: bool) -> None:
        self.create_patients = create_patients
        self.new_patients: dict[Rider, dict[str, Any]] = {}
        self._names: dict[int, str] = {}
        self._of_member: dict[str, list[int]] = defaultdict(list)
        self._of_name: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        known = access.visible_patients(user).values_list("pk", "name", "member_id")
        for pk, name, member_id in known.order_by("pk").iterator():
            self._names[pk] = name_key(name)
            self._of_name[name_key(name)].append((pk, bool(member_id)))
            if member_id:
                self._of_member[folded(member_id)].append(pk)
        self._facilities = _named(Facility.objects.values_list("pk", "name"))
        self._payers = _named(Payer.objects.filter(is_active=True).values_list("pk", "name"))

    def rider(self, entry: Entry) -> Rider:
        """The row's patient; Unknown where none, or more than one, is meant."""
        values = entry.values
        found = self._of_member.get(folded(values.get("member_id", "")), [])
        if (pk := values.get("patient_id")) is not None:
            if pk not in self._names:
                raise Unknown("patient_id", "There is no such patient.")
            if found and pk not in found:
                raise Unknown("member_id", "It belongs to another patient.")
            return self._same_name("patient_id", pk, values)
        if len(found) == 1:
            return self._same_name("member_id", found[0], values)
        if found:
            raise Unknown("member_id", "Several patients have this member id: give patient_id.")
        return self._by_name(values)

    def _same_name(self, column: str, pk: int, values: dict[str, Any]) -> int:
        if "patient" in values and name_key(values["patient"]) != self._names[pk]:
            raise Unknown(column, "It belongs to a patient of another name.")
        return pk

    def _by_name(self, values: dict[str, Any]) -> Rider:
        if "patient" not in values:
            raise Unknown("member_id", "No patient has this member id.")
        name = name_key(values["patient"])
        # Who has another member id is somebody else of the same name.
        found = [
            pk
            for pk, is_member in self._of_name.get(name, [])
            if not (is_member and "member_id" in values)
        ]
        if len(found) > 1:
            raise Unknown("patient", "Several patients have this name: give patient_id.")
        return found[0] if found else self._new(values, name)

    def _new(self, values: dict[str, Any], name: str) -> Rider:
        if not self.create_patients:
            raise Unknown("patient", "There is no such patient; create_patients=1 makes one.")
        rider = (folded(values.get("member_id", "")), name)
        self.new_patients.setdefault(
            rider,
            {
                "name": values["patient"],
                "member_id": values.get("member_id", ""),
                "phone": values.get("patient_phone", ""),
                "email": values.get("patient_email", ""),
            },
        )
        return rider

    def facility(self, entry: Entry) -> int | None:
        """The row's facility, or None where the cell is empty."""
        return _find("facility", self._facilities, entry)

    def payer(self, entry: Entry) -> int | None:
        """The row's payer, or None where the cell is empty."""
        return _find("payer", self._payers, entry)


def _named(rows: Iterable[tuple[int, str]]) -> dict[str, int]:
    rows = list(rows)
    return {folded(name): pk for pk, name in rows} | {str(pk): pk for pk, _ in rows}


def _find(column: str, known: dict[str, int], entry: Entry) -> int | None:
    if column not in entry.values:
        return None
    if (pk := known.get(folded(entry.values[column]))) is None:
        raise Unknown(column, f"There is no such {column}.")
    return pk


def problem(entry: Entry, unknown: Unknown) -> Problem:
    """What is wrong with the row."""
    column, text = unknown.args
    return Problem(entry.row, column, text)
