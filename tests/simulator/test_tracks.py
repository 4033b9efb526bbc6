"""Recorded tracks: every format, and what is wrong in them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trips.simulator.tracks import TrackPoint, UnknownFormat, parse, post_times, shifted

GEOLIFE = Path(__file__).resolve().parents[3] / "shared" / "data" / "geolife"
NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)

GPX = """<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="57.7" lon="11.97"><ele>12.5</ele><time>2026-03-01T09:00:00Z</time></trkpt>
<trkpt lat="57.71" lon="11.98"></trkpt>
<trkpt lat="57.72" lon="11.99"><time>2026-03-01T10:00:05+01:00</time></trkpt>
</trkseg></trk></gpx>"""

LINE = """{"type": "Feature", "properties": {"coordTimes":
["2026-03-01T09:00:00Z", "2026-03-01T09:00:05Z"]}, "geometry": {"type": "LineString",
"coordinates": [[11.97, 57.7, 12.5], [11.99, 57.72], [12.0, 57.73]]}}"""

POINTS = """{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"timestamp": 1772355600, "speed": 3.5},
 "geometry": {"type": "Point", "coordinates": [11.97, 57.7]}},
{"type": "Feature", "properties": {}, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}"""

CSV = """Time;Lat;Lng;Speed_KMH;Course
2026-03-01 09:00:00;57.7;11.97;36;90
yesterday;57.7;11.97;36;90
1772355605000;57.72;11.99;;
2026-03-01 09:00:07;57.73
"""

PLT = """Geolife trajectory
WGS 84
Altitude is in Feet
Reserved 3
0,2,255,My Track,0,0,2,8421376
0
39.97,116.32,0,1000,39747.34,2008-10-26,08:12:29
39.98,116.33,0,-777,39747.35,2008-10-26,08:12:31
39.99,116.34,broken
"""


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def test_gpx_points_have_a_time_in_utc_and_an_altitude() -> None:
    track = parse("walk.gpx", GPX)
    assert track.points == [
        TrackPoint(at(0), 57.7, 11.97, altitude_m=12.5),
        TrackPoint(at(5), 57.72, 11.99),
    ]
    assert [bad.place for bad in track.unreadable] == [2]


def test_a_geojson_line_takes_its_times_from_its_properties() -> None:
    track = parse("walk.geojson", LINE)
    assert track.points == [
        TrackPoint(at(0), 57.7, 11.97, altitude_m=12.5),
        TrackPoint(at(5), 57.72, 11.99),
    ]
    assert [bad.place for bad in track.unreadable] == [3]


def test_geojson_points_have_their_own_times() -> None:
    track = parse("walk.json", POINTS)
    assert track.points == [TrackPoint(at(0), 57.7, 11.97, speed_mps=3.5)]
    assert [bad.place for bad in track.unreadable] == [2]


def test_csv_columns_go_by_many_names_and_times_by_many_forms() -> None:
    track = parse("walk.csv", CSV)
    assert track.points == [
        TrackPoint(at(0), 57.7, 11.97, speed_mps=10.0, heading_deg=90),
        TrackPoint(at(5), 57.72, 11.99),
    ]
    assert [bad.place for bad in track.unreadable] == [3, 5]


def test_geolife_altitudes_are_feet_and_minus_777_is_unknown() -> None:
    track = parse("20081026.plt", PLT)
    assert [point.altitude_m for point in track.points] == [304.8, None]
    assert track.points[0].recorded_at == datetime(2008, 10, 26, 8, 12, 29, tzinfo=UTC)
    assert [bad.place for bad in track.unreadable] == [9]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("walk.kml", "<kml/>"),
        ("walk", ""),
        ("walk.gpx", "not xml"),
        ("walk.json", "[1, 2]"),
        ("walk.json", "{"),
        ("walk.csv", ""),
        ("walk.csv", "when,where\n1,2\n"),
        ("walk.plt", "39.97,116.32,0,1000,39747.34,2008-10-26,08:12:29\n"),
    ],
)
def test_what_is_no_track_says_so(name: str, text: str) -> None:
    with pytest.raises(UnknownFormat):
        parse(name, text)


def test_an_absurd_position_is_kept_for_the_server_to_judge() -> None:
    track = parse("walk.csv", "time,lat,lon\n2026-03-01T09:00:00Z,91,11.97\n")
    assert track.points == [TrackPoint(at(0), 91, 11.97)]


def test_a_fix_leaves_out_what_is_unknown() -> None:
    assert TrackPoint(at(0), 57.7, 11.97, speed_mps=3.5).as_fix("walk-0") == {
        "id": "walk-0",
        "recorded_at": "2026-03-01T09:00:00Z",
        "latitude": 57.7,
        "longitude": 11.97,
        "speed": 3.5,
    }


def test_shifted_times_end_at_the_finish_and_keep_their_spacing() -> None:
    points = [TrackPoint(at(s), 57.7, 11.97) for s in (0, 7, 3_600)]
    finish = datetime(2026, 11, 20, 12, tzinfo=UTC)
    moved = [point.recorded_at for point in shifted(points, finish)]
    assert moved == [finish - timedelta(seconds=s) for s in (3_600, 3_593, 0)]


def test_a_track_that_jumps_back_in_time_still_ends_at_the_finish() -> None:
    points = [TrackPoint(at(s), 57.7, 11.97) for s in (0, 60, 30)]
    finish = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert max(point.recorded_at for point in shifted(points, finish)) == finish


def test_points_are_posted_faster_than_recorded_and_long_pauses_are_cut() -> None:
    points = [TrackPoint(at(s), 57.7, 11.97) for s in (0, 10, 3_600, 3_590, 3_610)]
    assert post_times(points, speed=20, max_gap_s=5) == pytest.approx([0, 0.5, 5.5, 5.5, 6.5])


@pytest.mark.skipif(not GEOLIFE.is_dir(), reason="../shared/data is absent")
def test_every_real_track_is_read_to_its_last_line() -> None:
    files = sorted(GEOLIFE.glob("*.plt"))
    assert files
    for path in files:
        text = path.read_text()
        track = parse(path.name, text)
        assert track.unreadable == []
        assert len(track.points) == len(text.splitlines()) - 6
