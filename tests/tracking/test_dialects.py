"""Every phone app of the protocol, as it really sends: who it is, what it says, what it gets."""

import pytest

from tests.tracking.phones import (
    FULL_REPORTS,
    GPSLOGGER,
    JSON,
    OMARS_PHONE,
    PLACE,
    THEN,
    TRACCAR_8,
    TRACCAR_10,
    get,
    owntracks,
    post,
    the_fault,
    the_fix,
    traccar_9,
)
from trips.tracking.dialects import NotRecognised, Request, read, token_in_query
from trips.tracking.fixes import BadFix, Fix


@pytest.mark.parametrize("dialect", FULL_REPORTS)
def test_each_app_says_the_same_of_the_same_drive_in_its_own_units(dialect: str) -> None:
    report = FULL_REPORTS[dialect]()
    assert report.dialect == dialect
    assert report.token == OMARS_PHONE
    assert report.alarm is None
    fix = the_fix(report)
    assert fix.speed_mps == pytest.approx(10.0, rel=1e-6)
    fix.speed_mps = 10.0
    assert fix == Fix(57.7089, 11.9746, THEN, 10.0, 270.0, 4.2, 12.5, 0.83)


def test_gpslogger_may_put_its_template_in_the_body_as_form_or_json_and_use_any_method() -> None:
    as_json = {"lat": 57.7089, "lon": "11.9746", "time": "2025-06-15T15:06:40Z", "spd": 10.0}
    expected = the_fix(get(GPSLOGGER))
    assert the_fix(post(GPSLOGGER)) == expected
    assert the_fix(post(query=GPSLOGGER)) == expected
    assert the_fix(read(Request("PUT", GPSLOGGER, "", b"posted by a template"))) == expected
    assert the_fix(read(Request("DELETE", "", "text/plain", GPSLOGGER.encode()))) == expected
    report = post({**as_json, "device_id": OMARS_PHONE})
    assert (report.dialect, report.token) == ("gpslogger", OMARS_PHONE)
    assert the_fix(report) == Fix(57.7089, 11.9746, THEN, 10.0)


def test_the_unit_follows_the_dialect_and_not_the_place_of_the_same_words() -> None:
    words = "lat=57.7&lon=11.9&speed=10"
    assert the_fix(get(words)).speed_mps == 10
    assert the_fix(post(words)).speed_mps == pytest.approx(5.14444, rel=1e-4)
    assert the_fix(post(query=words)).speed_mps == pytest.approx(5.14444, rel=1e-4)
    assert the_fix(read(Request("PUT", words, "", b""))).speed_mps == 10


def test_only_owntracks_gets_a_json_array_back() -> None:
    for dialect, sent in FULL_REPORTS.items():
        report = sent()
        expected = (b"[]", JSON) if dialect == "owntracks" else (b"", "text/plain")
        assert (report.answer, report.answer_type) == expected


def test_osmand_senders_may_write_latitude_and_longitude_as_one_and_name_the_token_deviceid() -> (
    None
):
    report = get(f"deviceid={OMARS_PHONE}&location=57.7089,11.9746&heading=270&valid=1&driverId=7")
    assert (report.dialect, report.token) == ("osmand", OMARS_PHONE)
    assert the_fix(report) == Fix(57.7089, 11.9746, heading_deg=270.0)
    assert the_fix(get("location=57.7089%2C11.9746")) == Fix(57.7089, 11.9746)


def test_a_heartbeat_says_only_that_the_phone_lives() -> None:
    heartbeats = [
        ("traccar10", post(f"id={OMARS_PHONE}&timestamp=1750000000&batt=83&charge=false")),
        ("traccar10", post(f"id={OMARS_PHONE}&notificationToken=dGVzdA%3A%3A")),
        ("traccar9", post({"location": {"event": "heartbeat"}, "device_id": OMARS_PHONE})),
        ("traccar9", post({"device_id": OMARS_PHONE})),
        ("osmand", get(f"id={OMARS_PHONE}&timestamp=1750000000")),
        ("owntracks", post(query=f"id={OMARS_PHONE}")),
    ]
    for dialect, report in heartbeats:
        assert (report.dialect, report.token, report.fixes) == (dialect, OMARS_PHONE, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        {"_type": "lwt", "tst": 1_750_000_000},
        {"_type": "waypoint", "desc": "Home", "lat": 57.7, "lon": 11.9, "rad": 50},
        {"_type": "transition", "event": "enter", "lat": 57.7, "lon": 11.9, "tst": 1},
        {"_type": "status", "android": {"hib": 0}},
        {"_type": "waypoints", "waypoints": []},
        {"_type": ["location"]},
        {"_type": "location", "tst": 1_750_000_000},
    ],
)
def test_whatever_else_owntracks_posts_is_answered_and_moves_nobody(body: object) -> None:
    report = post(body)
    assert (report.dialect, report.fixes, report.answer) == ("owntracks", [], b"[]")


def test_what_owntracks_encrypted_is_shown_as_unreadable() -> None:
    report = post({"_type": "encrypted", "data": "cFhyYmV0"})
    assert the_fault(report) == "encrypted"
    assert report.answer == b"[]"


def test_omars_sos_is_an_alarm_with_and_without_a_position() -> None:
    assert post(TRACCAR_10 + "&alarm=sos").alarm == "sos"
    assert post(query=TRACCAR_8 + "&alarm=sos").alarm == "sos"
    assert post(traccar_9(extras={"alarm": "sos"})).alarm == "sos"
    lost = post(f"id={OMARS_PHONE}&alarm=sos")
    assert (lost.alarm, lost.fixes) == ("sos", [])
    assert post("id=1&alarm=%00%07").alarm == "unreadable"


def test_the_token_of_the_url_goes_before_the_one_of_the_body() -> None:
    assert post(TRACCAR_10, query="id=van-4").token == "van-4"
    assert post(traccar_9(), query="device_id=van-4").token == "van-4"
    assert post(owntracks()).token is None
    assert token_in_query("lat=1&deviceid=van%2D4") == "van-4"
    assert token_in_query("lat=1&lon=2") is None
    assert token_in_query("id=" + "x" * 1000) is None
    assert token_in_query("id=%00%ff") is None


def test_a_quarantined_point_does_not_show_the_phones_token_to_whoever_reads_it() -> None:
    flat_json = {"lat": 57.7, "lon": 11.9, "device_id": OMARS_PHONE}
    for report in [post(flat_json), *(sent() for sent in FULL_REPORTS.values())]:
        [(raw, _)] = report.fixes
        assert b"57.7" in raw
        assert OMARS_PHONE.encode() not in raw


def test_raw_bytes_that_are_no_text_survive_as_they_came() -> None:
    [(raw, _)] = post(b"id=1&lat=57.7&lon=11.9&desc=\xff\x00").fixes
    assert raw == b"lat=57.7&lon=11.9&desc=\xff\x00"


def test_our_own_format_is_native_and_its_id_is_no_token() -> None:
    one = {**PLACE, "recorded_at": THEN, "speed": 10.0, "id": "tap-1"}
    expected = Fix(57.7089, 11.9746, THEN, 10.0, client_id="tap-1")
    assert the_fix(post(one)) == the_fix(post([one])) == the_fix(post({"fixes": [one]})) == expected
    report = post([one, {"latitude": 57.7}, one], query=f"id={OMARS_PHONE}")
    assert (report.dialect, report.token, len(report.fixes)) == ("native", OMARS_PHONE, 3)
    assert [type(fix) for _, fix in report.fixes] == [Fix, BadFix, Fix]
    assert post(one).token is None


def test_a_form_of_very_many_parts_is_read_as_far_as_any_app_would_write() -> None:
    [(raw, fix)] = post("lat=57.7&lon=11.9" + "&x=1" * 1_000 + f"&id={OMARS_PHONE}").fixes
    assert fix == Fix(57.7, 11.9)
    assert len(raw) < 500


@pytest.mark.parametrize(
    ("method", "query", "body"),
    [
        ("GET", "", b""),
        ("GET", "page=2", b""),
        ("GET", "", b"hello"),
        ("POST", "", b"hello"),
        ("POST", "id=omar-phone", b"hello"),
        ("POST", "id=omar-phone", b'{"_type":"location","lat":57.7,'),
        ("POST", "", b"{}"),
        ("POST", "", b'{"speed":3}'),
        ("POST", "", b'{"fixes":5}'),
        ("POST", "", b'{"fixes":[],"more":1}'),
        ("POST", "", b"[" * 100_000),
        ("POST", "", b"[" + b"{}," * 10_000 + b"{}]"),
        ("POST", "", b"lat=57.7&lon=11.9&desc=" + b"x" * 65_536),
        ("POST", "", b'{"a":' * 100_000),
        ("POST", "", b"\xff\xfe\x00"),
        ("HEAD", "", b""),
    ],
)
def test_what_no_phone_sends_is_not_recognised(method: str, query: str, body: bytes) -> None:
    with pytest.raises(NotRecognised):
        read(Request(method, query, "", body))


def test_the_content_type_decides_nothing() -> None:
    for content_type in ("", JSON, "text/plain", "multipart/form-data; boundary=x", "\x00"):
        assert post(TRACCAR_10, content_type=content_type) == post(TRACCAR_10)
