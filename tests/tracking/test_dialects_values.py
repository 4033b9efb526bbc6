"""Times, places and numbers as phone apps write them, right and wrong."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.tracking.phones import OSMAND, THEN, get, owntracks, post, the_fault, the_fix, traccar_9
from trips.tracking.fixes import Fix


@pytest.mark.parametrize(
    "written",
    [
        "1750000000",
        "1750000000.0",
        "1750000000000",
        "2025-06-15T15:06:40Z",
        "2025-06-15T15:06:40.000Z",
        "2025-06-15T15:06:40",
        "2025-06-15T17:06:40%2B02:00",
        "2025-06-15T17:06:40+02:00",
        "2025-06-15%2015:06:40",
        "2025-06-15+15:06:40",
        "20250615T150640Z",
    ],
)
def test_a_time_may_be_written_in_many_ways(written: str) -> None:
    assert the_fix(get(f"id=1&lat=57.7&lon=11.9&timestamp={written}")).recorded_at == THEN
    assert the_fix(post(f"id=1&lat=57.7&lon=11.9&timestamp={written}")).recorded_at == THEN


@pytest.fixture
def _server_far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as there:
        there.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_server_far_from_utc")
def test_a_time_without_a_zone_is_utc_wherever_the_server_stands() -> None:
    for written in ("2025-06-15 15:06:40", "2025-06-15T15:06:40"):
        assert the_fix(get(f"lat=57.7&lon=11.9&timestamp={written}")).recorded_at == THEN


def test_a_position_without_a_time_is_of_now() -> None:
    assert the_fix(get("lat=57.7&lon=11.9")).recorded_at is None
    assert the_fix(get("lat=57.7&lon=11.9&timestamp=")).recorded_at is None
    assert the_fix(post(owntracks(tst=None))).recorded_at is None


@pytest.mark.parametrize("written", ["%TIME", "nan", "inf", "yesterday", "1e300", "2025-13-01"])
def test_a_time_that_cannot_be_read_is_not_taken_for_now(written: str) -> None:
    assert the_fault(get(f"lat=57.7&lon=11.9&timestamp={written}")) == "bad_time"


def test_minus_one_means_unknown_to_traccar_9_but_is_a_fine_latitude() -> None:
    unknown = dict.fromkeys(("accuracy", "speed", "heading", "altitude"), -1)
    body = traccar_9(coords={**unknown, "latitude": -1}, battery={"level": -1})
    assert the_fix(post(body)) == Fix(-1.0, 11.9746, THEN)


def test_other_apps_may_drive_one_metre_below_the_sea() -> None:
    assert the_fix(post(owntracks(alt=-1))).altitude_m == -1


IMPOSSIBLE = {
    "speed_mps": ("-1", "nan", "inf", "1e9", "fast", ""),
    "heading_deg": ("400", "-90", "nan", "north"),
    "accuracy_m": ("-1", "inf", "1e300"),
    "altitude_m": ("nan", "1e9", "up"),
    "battery": ("101", "-1", "nan", "full"),
}
NAMES = {
    "traccar10": ("speed", "bearing", "accuracy", "altitude", "batt"),
    "gpslogger": ("spd", "dir", "acc", "alt", "batt"),
    "owntracks": ("vel", "cog", "acc", "alt", "batt"),
}


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("field", IMPOSSIBLE)
def test_what_is_impossible_becomes_unknown_and_the_position_is_kept(
    dialect: str, field: str
) -> None:
    name = NAMES[dialect][list(IMPOSSIBLE).index(field)]
    for written in IMPOSSIBLE[field]:
        form = f"lat=57.7&lon=11.9&{name}={written}"
        report = {
            "traccar10": post(form),
            "gpslogger": get(f"{form}&prov=gps"),
            "owntracks": post(owntracks(**{name: written})),
        }[dialect]
        assert report.dialect == dialect
        assert getattr(the_fix(report), field) is None, written


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("lat=91&lon=11.9", "bad_latitude"),
        ("lat=57.7&lon=-180.5", "bad_longitude"),
        ("lat=nan&lon=11.9", "bad_latitude"),
        ("lat=57.7&lon=-inf", "bad_longitude"),
        ("lat=%25LAT&lon=%25LON", "malformed"),
        ("lat=57.7", "malformed"),
        ("lat=57.7&lon=", "malformed"),
        ("location=57.7", "malformed"),
        ("location=57,7;11,9", "malformed"),
    ],
)
def test_a_bad_coordinate_is_quarantined_and_never_refused(query: str, reason: str) -> None:
    assert the_fault(get(query)) == reason
    assert the_fault(post(query)) == reason


def test_not_a_number_in_json_spoils_only_what_it_stands_for() -> None:
    unknown_speed = json.dumps(owntracks(vel=float("nan"))).encode()
    no_place = json.dumps(traccar_9(coords={"latitude": float("inf")})).encode()
    assert the_fix(post(unknown_speed)).speed_mps is None
    assert the_fault(post(no_place)) == "bad_latitude"
    assert the_fault(post(owntracks(lat=True))) == "malformed"
    assert the_fault(post(owntracks(lat=10**400))) == "malformed"


def test_dilution_becomes_metres_where_there_is_no_accuracy() -> None:
    assert the_fix(get(OSMAND)).accuracy_m == 20.0
    assert the_fix(get(OSMAND + "&accuracy=4.2")).accuracy_m == 4.2
    assert the_fix(get(OSMAND.replace("hdop=4.0", "hdop=0.0"))).accuracy_m is None
