"""A device that sends more than any does is asked to wait, and nothing of it is kept by halves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from trips.tracking import ingest, intake


@pytest.fixture
def road(monkeypatch: pytest.MonkeyPatch) -> intake.Intake:
    monkeypatch.setattr(intake, "MOST_FIXES_PER_S", 50)
    return intake.Intake()


def test_a_long_backlog_passes_and_what_never_ends_does_not(road: intake.Intake) -> None:
    for _ in range(10):
        road._bound(1, 1_000, 100.0)
    with pytest.raises(intake.TooFast) as too_fast:
        road._bound(1, 1_000, 100.0)
    assert too_fast.value.wait_s == pytest.approx(20)
    road._bound(1, 1_000, 120.0)
    road._bound(2, 1_000, 100.0)


def test_load_tests_are_not_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_FIXES_PER_S", 0)
    road = intake.Intake()
    for _ in range(100):
        road._bound(1, 1_000, 100.0)


async def test_more_than_any_phone_sends_is_429_and_the_phone_keeps_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def too_fast(*args: object) -> None:
        raise intake.TooFast(1.2)

    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    async def nothing(*args: object) -> Any:
        raise AssertionError("not asked")

    monkeypatch.setattr(ingest, "_from_driver", too_fast)
    scope = {"type": "http", "method": "POST", "path": "/api/trips/1/gps/", "headers": []}
    await ingest.GpsDoor(nothing)(scope, nothing, send)
    assert sent[0]["status"] == 429
    assert (b"retry-after", b"2") in sent[0]["headers"]
    assert b"not kept" in sent[1]["body"]
