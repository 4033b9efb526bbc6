"""All that is kept about one patient, as a ZIP file: JSON by table, and the documents."""

import json
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model, Q

from billing.models import InvoiceDocument
from config.patient_data.erase import rows
from config.patient_data.places import PLACES
from trips.models import Attachment, Patient, Trip
from users.models import Notification


def export(patient_id: int, file: IO[bytes]) -> dict[str, int]:
    """Write the archive into `file`; {entry: rows}. Patient.DoesNotExist."""
    patient = Patient.objects.select_related("user").get(pk=patient_id)
    counts: dict[str, int] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, found in _tables(patient):
            counts[name] = _write(archive, name, found)
        for name in _files(patient_id):
            with default_storage.open(name) as content:
                archive.writestr(f"files/{name}", content.read())
            counts["files"] = counts.get("files", 0) + 1
    return {name: count for name, count in counts.items() if count}


def _tables(patient: Patient) -> Iterator[tuple[str, Any]]:
    for place in PLACES:
        yield place.model, rows(place, patient.pk)
    if patient.user:
        yield "users.User", type(patient.user).objects.filter(pk=patient.user.pk)
    yield "users.Notification", _notices(patient)


def _notices(patient: Patient) -> Any:
    """What was said to the person; at an address that others may share, about their trips."""
    trips = Trip.objects.filter(patient=patient).values("pk")
    at_address = Q(address__iexact=patient.email, trip_id__in=trips) if patient.email else Q()
    mine = Q(user=patient.user) if patient.user else Q()
    wanted = mine | at_address
    return Notification.objects.filter(wanted) if wanted else Notification.objects.none()


#: Secrets and bytes are not the patient's data; files come as files.
_LEFT_OUT = frozenset({"password", "raw", "content", "digest"})


def _write(archive: zipfile.ZipFile, name: str, found: Any) -> int:
    count = 0
    with archive.open(f"{name}.json", "w") as entry:
        entry.write(b"[")
        for row in found.order_by("pk").iterator(chunk_size=500):
            entry.write(b",\n" if count else b"\n")
            entry.write(json.dumps(_fields(row), cls=DjangoJSONEncoder).encode())
            count += 1
        entry.write(b"\n]\n")
    return count


def _fields(row: Model) -> dict[str, Any]:
    names = (field.attname for field in row._meta.concrete_fields)
    return {name: getattr(row, name) for name in names if name not in _LEFT_OUT}


def _files(patient_id: int) -> list[str]:
    documents = InvoiceDocument.objects.filter(invoice__trip__patient=patient_id)
    pictures = Attachment.objects.filter(trip__patient=patient_id).exclude(file="")
    names = set(documents.values_list("name", flat=True))
    return sorted(names | set(pictures.values_list("file", flat=True)))
