"""`/api/tasks/`: a long job is begun, followed, downloaded and cancelled by its owner only."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.cast import Cast
from trips import exports, task_runs
from trips.exports import safe_cell
from trips.models import Patient, TaskRun, Trip
from trips.tasks import export_trips, forget_old_task_records
from users.models import User

WEEK = {
    "first_day": str(timezone.now().date() - timedelta(days=3)),
    "last_day": str(timezone.now().date() + timedelta(days=3)),
}


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What would have gone to the broker; the worker's part is called by hand."""
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(task_runs, "publish", lambda name, *args, **_: sent.append((name, *args)))
    return sent


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the screens of the owner were told."""
    frames: list[tuple[Any, ...]] = []
    monkeypatch.setattr(task_runs, "send_task", lambda *frame: frames.append(frame))
    return frames


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def begin(user: User) -> str:
    answer = api(user).post("/api/trips/export/", WEEK)
    assert answer.status_code == 202, answer.data
    return str(answer.data["task_id"])


def work(task_id: str) -> str:
    attempt = TaskRun.objects.get(pk=task_id).attempts
    return str(
        export_trips.apply(
            args=(
                task_id,
                attempt,
            ),
            throw=True,
        ).result
    )


def rows(user: User, task_id: str) -> list[dict[str, str]]:
    answer = api(user).get(f"/api/tasks/{task_id}/file/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


def test_dina_exports_a_week(
    cast: Cast, published: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    trips = [cast.trip_in("assigned"), cast.trip_in("completed")]
    with django_capture_on_commit_callbacks(execute=True):
        task_id = begin(cast.dina)
    assert published == [("trips.tasks.export_trips", task_id, 0)]
    waiting = api(cast.dina).get(f"/api/tasks/{task_id}/").json()
    assert (waiting["state"], waiting["ready"], waiting["result"]) == ("PENDING", False, None)
    assert work(task_id) == "done"
    done = api(cast.dina).get(f"/api/tasks/{task_id}/").json()
    assert (done["state"], done["ready"], done["percent"]) == ("SUCCESS", True, 100)
    assert (done["current"], done["total"], done["result"]["rows"]) == (2, 2, 2)
    assert done["error"] is None
    assert done["result"]["file"] == f"/api/tasks/{task_id}/file/"
    found = rows(cast.dina, task_id)
    assert [int(row["id"]) for row in found] == [trip.pk for trip in trips]
    assert found[0]["patient"] == "Pia Ek"
    assert found[1]["status"] == "completed"


def test_another_persons_job_is_as_absent_as_none(cast: Cast) -> None:
    task_id = begin(cast.dina)
    work(task_id)
    eve = api(cast.eve)
    for path in (f"/api/tasks/{task_id}/", f"/api/tasks/{task_id}/file/"):
        foreign = eve.get(path)
        absent = eve.get(path.replace(task_id, str(uuid.uuid4())))
        assert foreign.status_code == absent.status_code == 404
        assert foreign.content == absent.content
    assert eve.delete(f"/api/tasks/{task_id}/").status_code == 404
    assert eve.get("/api/tasks/").json()["results"] == []
    assert TaskRun.objects.get().state == TaskRun.State.SUCCESS


@pytest.mark.parametrize("nonsense", ["7", "x" * 36, "-" * 36, "not-a-uuid"])
def test_an_id_that_is_none_is_not_found(cast: Cast, nonsense: str) -> None:
    assert api(cast.dina).get(f"/api/tasks/{nonsense}/").status_code == 404


def test_nobody_asks_without_a_login(cast: Cast) -> None:
    assert APIClient().get(f"/api/tasks/{begin(cast.dina)}/").status_code == 401
    assert APIClient().post("/api/trips/export/", WEEK).status_code == 401


def test_a_job_is_cancelled_before_it_starts(cast: Cast) -> None:
    task_id = begin(cast.dina)
    assert api(cast.dina).delete(f"/api/tasks/{task_id}/").json()["state"] == "REVOKED"
    assert work(task_id) == "nothing to do"
    assert api(cast.dina).get(f"/api/tasks/{task_id}/file/").status_code == 404
    assert api(cast.dina).post(f"/api/tasks/{task_id}/cancel/").status_code == 200


def test_a_job_is_cancelled_while_it_works(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cast.trip_in("assigned")
    task_id = begin(cast.dina)
    real = exports._row

    def slowly(trip: Trip, audience: Any) -> list[object]:
        api(cast.dina).post(f"/api/tasks/{task_id}/cancel/")
        return real(trip, audience)

    monkeypatch.setattr(exports, "_row", slowly)
    assert work(task_id) == "cancelled"
    run = TaskRun.objects.get()
    assert (run.state, run.content) == (TaskRun.State.REVOKED, None)


def test_what_has_ended_cannot_be_cancelled(cast: Cast) -> None:
    task_id = begin(cast.dina)
    work(task_id)
    answer = api(cast.dina).delete(f"/api/tasks/{task_id}/")
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")


def test_progress_is_shown_to_the_owner(cast: Cast, shown: list[tuple[Any, ...]]) -> None:
    cast.trip_in("assigned")
    task_id = begin(cast.dina)
    work(task_id)
    assert shown[0] == (cast.dina.pk, task_id, "PROGRESS", 0, 1)
    assert shown[-1] == (cast.dina.pk, task_id, "SUCCESS", 1, 1)


def test_a_message_that_comes_twice_works_once(cast: Cast) -> None:
    task_id = begin(cast.dina)
    assert work(task_id) == "done"
    assert (
        export_trips.apply(
            args=(
                task_id,
                0,
            )
        ).result
        == "nothing to do"
    )


def test_a_job_whose_worker_died_goes_on_and_is_given_up_in_the_end(
    cast: Cast, published: list[Any]
) -> None:
    task_id = begin(cast.dina)
    for attempt in range(1, task_runs.MOST_ATTEMPTS + 1):
        TaskRun.objects.update(
            state="PROGRESS", attempts=attempt, due_at=timezone.now() - timedelta(seconds=1)
        )
        published.clear()
        assert task_runs.sweep() == 1
        assert task_runs.sweep() == 0
        again = attempt < task_runs.MOST_ATTEMPTS
        assert published == ([("trips.tasks.export_trips", task_id, attempt)] if again else [])
    answer = api(cast.dina).get(f"/api/tasks/{task_id}/").json()
    assert (answer["state"], answer["error"]) == ("FAILURE", "given up")


def test_a_job_that_raises_is_tried_again_and_names_no_patient(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.trip_in("assigned")
    task_id = begin(cast.dina)

    def broken(*_: object) -> list[object]:
        raise RuntimeError("Pia Ek")

    monkeypatch.setattr(exports, "_row", broken)
    for attempt in range(task_runs.MOST_ATTEMPTS):
        assert TaskRun.objects.get().state in TaskRun.UNDER_WAY
        assert (
            export_trips.apply(
                args=(
                    task_id,
                    attempt,
                )
            ).state
            == "FAILURE"
        )
    run = TaskRun.objects.get()
    assert (run.state, run.error) == (TaskRun.State.FAILURE, "RuntimeError")


def test_three_jobs_at_once_are_enough(cast: Cast) -> None:
    for _ in range(task_runs.MOST_UNDER_WAY):
        begin(cast.dina)
    answer = api(cast.dina).post("/api/trips/export/", WEEK)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    begin(cast.bea)


@pytest.mark.parametrize(
    "period",
    [
        {},
        {"first_day": "2026-01-01"},
        {"first_day": "2026-01-02", "last_day": "2026-01-01"},
        {"first_day": "2024-01-01", "last_day": "2026-01-01"},
        {"first_day": "x", "last_day": "2026-01-01"},
        {"first_day": "2026-01-01", "last_day": "2026-01-01", "driver": 7},
        [],
        {"first_day": "0001-01-01", "last_day": "0001-01-02"},
        {"first_day": "9999-12-31", "last_day": "9999-12-31"},
    ],
)
def test_a_period_that_is_none_is_refused(cast: Cast, period: object) -> None:
    assert api(cast.dina).post("/api/trips/export/", period).status_code == 400


def test_each_reader_exports_what_they_may_see(cast: Cast) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility)
    for user, expected in ((cast.omar, 1), (cast.eve, 0), (cast.pia, 1), (cast.hugo, 1)):
        task_id = begin(user)
        work(task_id)
        found = rows(user, task_id)
        assert len(found) == expected, user
        assert all(row["id"] == str(trip.pk) for row in found)


def test_a_file_is_withheld_from_who_lost_the_role(cast: Cast) -> None:
    task_id = begin(cast.dina)
    work(task_id)
    User.objects.filter(pk=cast.dina.pk).update(role="driver")
    demoted = User.objects.get(pk=cast.dina.pk)
    assert api(demoted).get(f"/api/tasks/{task_id}/file/").status_code == 404


def test_a_spreadsheet_runs_nothing(cast: Cast) -> None:
    Patient.objects.update(name='=HYPERLINK("http://evil.invalid")')
    cast.trip_in("assigned")
    task_id = begin(cast.dina)
    work(task_id)
    assert rows(cast.dina, task_id)[0]["patient"] == '\'=HYPERLINK("http://evil.invalid")'


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "\t=x", "\r=x", "\n=x", " =1", "＝1"])
def test_text_that_a_spreadsheet_would_run_is_quoted(value: str) -> None:
    assert safe_cell(value) == f"'{value}"


@pytest.mark.parametrize("value", [-73.9, 5, "Pia", "57 Main St", "a=b"])
def test_what_is_harmless_is_unchanged(value: object) -> None:
    assert safe_cell(value) == value


def test_old_jobs_are_forgotten_with_their_files(cast: Cast) -> None:
    old, new = begin(cast.dina), begin(cast.dina)
    TaskRun.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(days=8))
    result = forget_old_task_records.apply(throw=True).result
    assert result == "1 jobs and 0 failures forgotten"
    assert str(TaskRun.objects.get().pk) == new
