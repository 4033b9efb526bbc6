"""The door of the import: who may, what is no manifest, how large, and what is never told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.intake.files import errors, good, imported, manifest, post, post_file
from trips import task_runs
from trips.models import (
    TaskRun,
    Trip,
)

pytestmark = pytest.mark.django_db


def test_a_form_and_a_plain_body_are_the_same(cast: Cast) -> None:
    text = manifest([good()]).encode()
    assert post_file(cast.dina, text).status_code == 202
    assert post(cast.dina, text).status_code == 202


def test_who_does_not_dispatch_never_imports(cast: Cast) -> None:
    text = manifest([good()])
    for user in (cast.omar, cast.eve, cast.pia, cast.hugo, cast.bea):
        assert post(user, text).status_code == 403, user
    assert post(cast.ada, text).status_code == 202


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("?dryrun=1", "good"),
        ("?dry_run=perhaps", "good"),
        ("", ""),
        ("", "nothing,useful\n1,2\n"),
        ("", "PK\x03\x04"),
    ],
)
def test_what_is_no_manifest_is_refused_at_once(cast: Cast, query: str, content: str) -> None:
    answer = post(cast.dina, manifest([good()]) if content == "good" else content, query)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert TaskRun.objects.count() == 0


def test_a_form_without_a_file_is_refused(cast: Cast) -> None:
    assert post_file(cast.dina, b"", "").status_code == 400


def test_the_size_is_bounded(cast: Cast, settings: Any) -> None:
    text = manifest([good()]).encode()
    settings.MAX_IMPORT_BYTES = len(text)
    assert post(cast.dina, text).status_code == post_file(cast.dina, text).status_code == 202
    for send in (post, post_file):
        assert send(cast.dina, text + b" ").status_code == 413


def test_too_many_rows_and_a_broken_quote_are_results(cast: Cast, settings: Any) -> None:
    rows = [good(external_id=str(n)) for n in range(3)]
    broken = imported(cast.dina, manifest(rows) + '"open\n')
    assert (broken["outcome"], errors(broken)) == ("refused", [(0, "")])
    settings.MAX_IMPORT_ROWS = 2
    result = imported(cast.dina, manifest(rows))
    assert (result["outcome"], errors(result), Trip.objects.count()) == ("refused", [(0, "")], 0)


def test_no_result_tells_a_patients_data(cast: Cast) -> None:
    secret = good(patient="Nobody Known", mobility="hovercraft", notes="diabetes")
    secret |= {"pickup_address": "Hemliga gatan 5", "patient_email": "x"}
    result = imported(cast.dina, manifest([secret]))
    assert result["errors"]
    for word in ("Nobody", "hovercraft", "diabetes", "Hemliga"):
        assert word not in str(result)
        assert word not in str(list(TaskRun.objects.values("parameters", "result", "error")))


def test_a_job_that_is_given_up_or_cancelled_keeps_no_file(cast: Cast) -> None:
    for _ in range(2):
        post(cast.dina, manifest([good()]))
    cancelled, given_up = TaskRun.objects.all()
    assert task_runs.cancel(cancelled)
    TaskRun.objects.filter(pk=given_up.pk).update(
        attempts=task_runs.MOST_ATTEMPTS, due_at=timezone.now() - timedelta(seconds=1)
    )
    task_runs.sweep()
    assert list(TaskRun.objects.values_list("content", flat=True)) == [None, None]


@pytest.mark.django_db(transaction=True)
def test_the_real_server_takes_a_large_manifest_and_nothing_else_so_large(
    cast: Cast, http: httpx.Client
) -> None:
    headers = cast.headers(cast.dina) | {"Content-Type": "text/csv"}
    large = manifest([good(notes="x" * 1_900)] * 800).encode()
    assert len(large) > 1_500_000
    taken = http.post("/api/trips/import/", params={"dry_run": 1}, content=large, headers=headers)
    assert taken.status_code == 202
    assert http.post("/api/trips/export/", content=large, headers=headers).status_code == 413
    answer = http.post("/api/trips/import/", content=b"x" * 9_000_000, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
