"""What a phone sent and was told is kept is kept, until its picture is made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from tests.attachments.test_pictures import photo
from tests.cast import Cast
from trips import task_runs
from trips.attachments import process
from trips.cleanup import cleanup
from trips.models import Attachment, TaskRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(cast: Cast) -> Any:
    """A signature as it came eight days ago."""
    trip = cast.trip_in("arrived_dropoff")

    def make(**fields: Any) -> Attachment:
        row = Attachment.objects.create(
            trip=trip,
            sent_by=cast.omar,
            kind="signature",
            stop="dropoff",
            client_event_id=f"s-{Attachment.objects.count()}",
            occurred_at=timezone.now(),
            raw=default_storage.save("uploads/one", ContentFile(photo())),
            **fields,
        )
        at = timezone.now() - timedelta(days=8)
        Attachment.objects.filter(pk=row.pk).update(received_at=at)
        return row

    return make


def task_of(cast: Cast, **fields: Any) -> TaskRun:
    return TaskRun.objects.create(
        owner=cast.omar, task="t", due_at=timezone.now() + timedelta(hours=1), **fields
    )


@pytest.mark.parametrize("before", [None, "FAILURE", "REVOKED"])
def test_a_signature_that_waits_is_worked_on_again(
    cast: Cast, upload: Any, before: str | None
) -> None:
    row = upload(task=task_of(cast, state=before) if before else None)
    cleanup()
    row.refresh_from_db()
    assert (row.state, default_storage.exists(row.raw)) == ("waiting", True)
    assert row.task is not None
    assert task_runs.work_on(str(row.task.pk), 0, process) == "done"
    row.refresh_from_db()
    assert (row.state, row.raw) == ("ready", "")


def test_one_that_a_task_works_on_is_left_to_it(cast: Cast, upload: Any) -> None:
    run = task_of(cast, state="PROGRESS")
    row = upload(task=run)
    cleanup()
    row.refresh_from_db()
    assert (row.task, row.state) == (run, "waiting")
    assert TaskRun.objects.count() == 1


def test_more_than_one_person_may_have_under_way_wait_for_tomorrow(upload: Any) -> None:
    rows = [upload() for _ in range(4)]
    cleanup()
    assert Attachment.objects.filter(task=None, state="waiting").count() == 1
    assert all(default_storage.exists(row.raw) for row in rows)


@pytest.mark.parametrize("state", ["ready", "refused"])
def test_what_was_left_behind_of_a_done_one_goes(upload: Any, state: str) -> None:
    row = upload(state=state, reason="damaged" if state == "refused" else "")
    before = (row.state, row.reason)
    name = row.raw
    assert cleanup()["raw files"] == 1
    row.refresh_from_db()
    assert (row.state, row.reason, row.raw) == (*before, "")
    assert not default_storage.exists(name)


def test_one_whose_file_is_gone_is_refused(upload: Any) -> None:
    row = upload()
    default_storage.delete(row.raw)
    assert cleanup()["lost files"] == 1
    row.refresh_from_db()
    assert (row.state, row.reason, row.raw) == ("refused", "lost", "")
