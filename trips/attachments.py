"""Signatures and photos: taken in at once, made fit by a task, kept in the storage.

What was answered 2xx is kept: it lies in the storage before its row is committed, and stays
there as it came until the task has made its pictures.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from trips import access, task_runs
from trips.models import Attachment, TaskRun, Trip
from trips.pictures import BadPicture, Picture, clean, format_of
from trips.taps import ReusedClientEventId, TripNotFound
from trips.task_runs import Outcome, Report
from users.models import User

TASK = "trips.tasks.process_attachment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A picture as a phone sends it. `client_event_id` is the phone's own name for it."""

    kind: str
    stop: str
    client_event_id: str
    occurred_at: datetime
    content: bytes


def find_trip(trip_id: int, user: User) -> Trip:
    """The trip that `user` may add to; TripNotFound where it is absent or not theirs."""
    trip = access.reachable_trips(user).filter(pk=trip_id).first()
    if trip is None:
        raise TripNotFound
    return trip


def take(*, trip: Trip, user: User, sent: Sent) -> Attachment:
    """Keep a picture and begin its task; the same again is the one that was kept.

    BadPicture, ReusedClientEventId where the id came with another picture, task_runs.TooMany.
    """
    format_of(sent.content)
    digest = hashlib.sha256(sent.content).hexdigest()
    if (known := _known(trip, user, sent, digest)) is not None:
        return known
    raw = default_storage.save(f"uploads/{uuid.uuid4()}", ContentFile(sent.content))
    try:
        with transaction.atomic():
            # The lock makes two of the same at once one after the other.
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            if (known := _known(trip, user, sent, digest)) is None:
                return _keep(trip, user, sent, digest, raw)
    except task_runs.TooMany:
        default_storage.delete(raw)
        raise
    default_storage.delete(raw)
    return known


def _known(trip: Trip, user: User, sent: Sent, digest: str) -> Attachment | None:
    mine = Attachment.objects.filter(sent_by=user, client_event_id=sent.client_event_id)
    known = mine.first()
    if known and (known.trip_id, known.digest) != (trip.pk, digest):
        raise ReusedClientEventId
    return known


def _keep(trip: Trip, user: User, sent: Sent, digest: str, raw: str) -> Attachment:
    row = Attachment.objects.create(
        trip=trip,
        sent_by=user,
        kind=sent.kind,
        stop=sent.stop,
        client_event_id=sent.client_event_id,
        occurred_at=sent.occurred_at,
        digest=digest,
        raw=raw,
    )
    begin_work(row)
    return row


def begin_work(row: Attachment) -> None:
    """Begin the task of a picture that waits, or one more where its last was given up; TooMany."""
    with transaction.atomic():
        parameters = {"attachment_id": row.pk}
        row.task = task_runs.begin(owner=row.sent_by, task=TASK, parameters=parameters)
        Attachment.objects.filter(pk=row.pk).update(task=row.task)


def process(run: TaskRun, report: Report) -> Outcome:
    """The task: make the pictures, then forget what came. May run twice."""
    row = Attachment.objects.get(pk=run.parameters["attachment_id"])
    if row.state == Attachment.State.WAITING:
        report(0, 1)
        with default_storage.open(row.raw) as file:
            content = file.read()
        try:
            changes = _stored(clean(content))
        except BadPicture as bad:
            changes = {"state": Attachment.State.REFUSED, "reason": str(bad)}
        waiting = Attachment.objects.filter(pk=row.pk, state=Attachment.State.WAITING)
        waiting.update(**changes)
        row.refresh_from_db()
    _forget_raw(row)
    return Outcome({"attachment_id": row.pk, "state": row.state, "reason": row.reason})


def _stored(picture: Picture) -> dict[str, Any]:
    return {
        "state": Attachment.State.READY,
        "file": _save(picture.content),
        "thumbnail": _save(picture.thumbnail),
        "width": picture.width,
        "height": picture.height,
        "size_bytes": len(picture.content),
    }


def _save(content: bytes) -> str:
    name = f"attachments/{hashlib.sha256(content).hexdigest()}.jpg"
    return default_storage.save(name, ContentFile(content))


def _forget_raw(row: Attachment) -> None:
    if row.raw:
        default_storage.delete(row.raw)
        Attachment.objects.filter(pk=row.pk).update(raw="")
