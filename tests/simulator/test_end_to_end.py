"""The two commands against the real server, database included."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.fixtures_processes import WebServer, wait_until
from trips.demo import password_for, seed
from trips.lifecycle import Status
from trips.models import GpsFix, Trip

pytestmark = pytest.mark.django_db(transaction=True)

MANAGE = [sys.executable, "manage.py"]
ROOT = Path(__file__).resolve().parents[2]
TRACK = """time,lat,lon,speed
2026-03-01T09:00:00Z,57.70,11.97,8
2026-03-01T09:00:10Z,57.7005,11.97,8
2026-03-01T09:00:20Z,57.701,11.97,8
"""


def _omars_trip() -> list[str]:
    """The arguments that name Omar's trip, in a demo with him as the only driver."""
    seed(vehicles=1, trips=0)
    trip = Trip.objects.get(driver__user__username="omar", status=Status.ASSIGNED)
    return ["--trip", str(trip.pk)]


def _as(username: str) -> list[str]:
    """The arguments to log in with: by password, for demo tokens outlive a test's database."""
    return ["--as", username, "--password", password_for(username)]


def _fixes(trip: list[str]) -> int:
    return GpsFix.objects.filter(trip_id=trip[-1]).count()


def _replay(env: dict[str, str], folder: Path, text: str, *args: str) -> tuple[int, Any]:
    path = folder / "track.csv"
    path.write_text(text)
    argv = [*MANAGE, "replay", str(path), "--json", "--speed", "1000", *args]
    ended = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else ended.stderr


def test_simulated_drivers_live_through_whole_trips(
    web_server: WebServer, process_env: dict[str, str]
) -> None:
    began = timezone.now()
    argv = [*MANAGE, "simulate", "--vehicles", "2", "--rate", "20", "--time-scale", "200"]
    with subprocess.Popen(
        [*argv, "--faults", "--json"], cwd=ROOT, env=process_env, stdout=subprocess.PIPE, text=True
    ) as process:
        completed = Trip.objects.filter(status=Status.COMPLETED)
        try:
            wait_until(completed.exists, 90, "a completed trip")
        finally:
            process.send_signal(signal.SIGTERM)
            printed, _ = process.communicate(timeout=10)
    summary = json.loads(printed)
    assert process.returncode == 0
    assert summary["taps"] >= 4
    assert 0 < summary["accepted"] <= GpsFix.objects.filter(received_at__gte=began).count()
    counted = summary["accepted"] + summary["duplicates"] + summary["quarantined"]
    assert counted == summary["posted"]
    assert "errors" not in summary


def test_omar_replays_a_track_to_his_trip(
    web_server: WebServer, process_env: dict[str, str], tmp_path: Path
) -> None:
    trip = _omars_trip()
    code, reports = _replay(process_env, tmp_path, TRACK, *_as("omar"), *trip)
    assert code == 0, reports
    assert (reports[0]["posted"], reports[0]["accepted"]) == (3, 3)
    assert _fixes(trip) == 3


def test_a_replay_onto_a_foreign_trip_ends_with_an_error(
    web_server: WebServer, process_env: dict[str, str], tmp_path: Path
) -> None:
    trip = _omars_trip()
    code, error = _replay(process_env, tmp_path, TRACK, *_as("pia"), *trip)
    assert code == 1
    assert "404" in error
    assert _fixes(trip) == 0


def test_a_point_that_the_server_refuses_makes_the_replay_fail(
    web_server: WebServer, process_env: dict[str, str], tmp_path: Path
) -> None:
    absurd = "time,lat,lon\n2026-03-01T09:00:00Z,91,11.97\n"
    code, reports = _replay(process_env, tmp_path, absurd, *_as("omar"), *_omars_trip())
    assert code == 1
    assert reports[0]["accepted"] == 0
    assert sum(reports[0]["rejected"].values()) == 1
