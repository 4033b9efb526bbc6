"""A signature or a photo on its way from the phone to the trip."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client

from tests.attachments.test_pictures import photo, taken_sideways
from tests.cast import Cast
from trips import task_runs
from trips.attachments import process
from trips.models import Attachment, TaskRun, Trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def trip(cast: Cast) -> Trip:
    return cast.trip_in("arrived_pickup")


def send(
    cast: Cast, trip: Trip, content: bytes, client_event_id: str = "", who: Any = None, **query: str
) -> Any:
    asked = {"kind": "photo", "stop": "pickup", "client_event_id": client_event_id or uuid.uuid4()}
    return Client().post(
        f"/api/trips/{trip.pk}/attachments/",
        content,
        content_type="image/jpeg",
        query_params=asked | query,
        headers=cast.headers(who or cast.omar),
    )


def work(row: Attachment) -> str:
    assert row.task is not None
    return task_runs.work_on(str(row.task.pk), 0, process)


def get(cast: Cast, who: Any, path: str) -> Any:
    return Client().get(f"/api/attachments/{path}", headers=cast.headers(who))


def test_omars_photo_is_kept_at_once_and_made_fit_by_its_task(cast: Cast, trip: Trip) -> None:
    answer = send(cast, trip, taken_sideways())
    assert answer.status_code == 202
    row = Attachment.objects.get(pk=answer.json()["id"])
    with default_storage.open(row.raw) as kept:
        assert kept.read() == taken_sideways()
    assert get(cast, cast.dina, f"{row.pk}/file/").status_code == 404

    assert work(row) == "done"
    shown = get(cast, cast.dina, f"{row.pk}/").json()
    assert (shown["state"], shown["width"], shown["height"]) == ("ready", 300, 400)
    file = get(cast, cast.dina, f"{row.pk}/file/")
    assert file.headers["Content-Type"] == "image/jpeg"
    assert b"Omar" not in file.content
    assert not default_storage.exists(row.raw)
    told = Client().get(f"/api/tasks/{row.task_id}/", headers=cast.headers(cast.omar)).json()
    assert told["result"] == {"attachment_id": row.pk, "state": "ready", "reason": ""}


def test_the_same_again_is_the_same_and_another_under_its_name_is_refused(
    cast: Cast, trip: Trip
) -> None:
    first = send(cast, trip, photo(), "tap-1")
    again = send(cast, trip, photo(), "tap-1")
    assert again.json()["id"] == first.json()["id"]
    assert Attachment.objects.count() == TaskRun.objects.count() == 1
    assert send(cast, trip, photo((50, 50)), "tap-1").status_code == 422


def test_the_task_may_run_twice(cast: Cast, trip: Trip) -> None:
    row = Attachment.objects.get(pk=send(cast, trip, photo()).json()["id"])
    assert row.task is not None
    process(row.task, lambda current, total: None)
    again = process(row.task, lambda current, total: None)
    assert again.result["state"] == "ready"


def test_what_only_looks_like_a_photo_is_refused_by_the_task(cast: Cast, trip: Trip) -> None:
    row = Attachment.objects.get(pk=send(cast, trip, b"\xff\xd8\xff" + b"x" * 99).json()["id"])
    work(row)
    row.refresh_from_db()
    assert (row.state, row.reason, row.raw) == ("refused", "damaged", "")
    assert get(cast, cast.dina, f"{row.pk}/file/").status_code == 404


@pytest.mark.parametrize("content", [b"", b"hello", b"<svg/>"])
def test_what_is_no_picture_is_refused_at_the_door(cast: Cast, trip: Trip, content: bytes) -> None:
    assert send(cast, trip, content).status_code == 400
    assert not Attachment.objects.exists()


def test_one_that_is_too_large_is_refused(cast: Cast, trip: Trip, settings: Any) -> None:
    settings.MAX_BATCH_BYTES = 1_000
    assert send(cast, trip, b"\xff\xd8\xff" + b"x" * 1_000).status_code == 413


@pytest.mark.parametrize(
    "query",
    [{"kind": "film"}, {"stop": "nowhere"}, {"occurred_at": "2001-01-01T00:00:00Z"}, {"x": "y"}],
)
def test_a_bad_question_is_a_400(cast: Cast, trip: Trip, query: dict[str, str]) -> None:
    assert send(cast, trip, photo(), **query).status_code == 400


def test_four_at_once_are_one_too_many_and_nothing_is_left_behind(cast: Cast, trip: Trip) -> None:
    answers = [send(cast, trip, photo((10 + n, 10))).status_code for n in range(4)]
    assert answers == [202, 202, 202, 429]
    assert Attachment.objects.count() == 3


def test_eve_sends_nothing_to_omars_trip_and_sees_nothing_of_it(cast: Cast, trip: Trip) -> None:
    pk = send(cast, trip, photo()).json()["id"]
    assert send(cast, trip, photo(), who=cast.eve).status_code == 404
    assert get(cast, cast.eve, f"{pk}/").status_code == 404
    assert get(cast, cast.eve, "").json()["results"] == []
    assert get(cast, cast.pia, "").status_code == 403
