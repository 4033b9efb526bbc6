"""Manifests as bookers write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import encode_multipart
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIClient

from trips.models import TaskRun
from trips.tasks import import_trips
from users.models import User

HOME = {"pickup_address": "Götgatan 12", "pickup_latitude": "59.31", "pickup_longitude": "18.07"}
CLINIC = {
    "dropoff_address": "Eastside Dialysis",
    "dropoff_latitude": "59.33",
    "dropoff_longitude": "18.05",
}

#: In whose zone the company of the cast lives, and a day of it that is to come.
ZONE = ZoneInfo("Europe/Stockholm")
DAY = (timezone.now() + timedelta(days=3)).date()


def row(**cells: object) -> dict[str, object]:
    """A good row: Pia's trip to the clinic; `cells` beside or instead."""
    return {"patient": "Pia Ek", **HOME, **CLINIC, **cells}


def good(**cells: object) -> dict[str, object]:
    """A row that may be imported."""
    return row(**{"date": DAY, "pickup_time": "08:30", **cells})


def errors(result: dict[str, Any]) -> list[tuple[int, str]]:
    """(row, column) of each."""
    return [(found["row"], found["column"]) for found in result["errors"]]


def manifest(rows: Iterable[Mapping[str, object]], delimiter: str = ",") -> str:
    """CSV with the columns of all rows."""
    rows = list(rows)
    columns = list(dict.fromkeys(name for one in rows for name in one))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def post(user: User, content: bytes | str, query: str = "") -> Response:
    """Upload as `text/csv`."""
    client = APIClient()
    client.force_authenticate(user)
    body: Any = content.encode() if isinstance(content, str) else content
    answer: Response = client.generic(
        "POST", f"/api/trips/import/{query}", body, content_type="text/csv"
    )
    return answer


def post_file(user: User, content: bytes, query: str = "", **more: object) -> Response:
    """Upload as a browser's form does."""
    client = APIClient()
    client.force_authenticate(user)
    fields: dict[str, Any] = {"file": SimpleUploadedFile("m.csv", content), **more}
    body: Any = encode_multipart("b0undary", fields)
    answer: Response = client.generic(
        "POST",
        f"/api/trips/import/{query}",
        body,
        content_type="multipart/form-data; boundary=b0undary",
    )
    return answer


def imported(user: User, content: bytes | str, query: str = "") -> dict[str, Any]:
    """The result of an import that ran."""
    answer = post(user, content, query)
    assert answer.status_code == 202, answer.data
    run = TaskRun.objects.get(pk=answer.data["task_id"])
    assert import_trips.apply(args=(str(run.pk), run.attempts), throw=True).result == "done"
    run.refresh_from_db()
    assert run.content is None
    client = APIClient()
    client.force_authenticate(user)
    result: dict[str, Any] = client.get(f"/api/tasks/{run.pk}/").json()["result"]
    return result
