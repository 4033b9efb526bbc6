"""On which days and at which moments an order holds: tables, by the calendar on the wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trips.dispatch.standing_orders import (
    InvalidRule,
    Pause,
    Plan,
    days_of,
    describe,
    held_back,
    moment_of,
    occurrence,
    occurrences,
    parse_rule,
    rule_days,
)

STOCKHOLM, NEW_YORK = ZoneInfo("Europe/Stockholm"), ZoneInfo("America/New_York")
#: A Friday.
FRIDAY = date(2026, 11, 20)


def plan(rule: str = "FREQ=DAILY", **fields: object) -> Plan:
    first = fields.get("first_day", FRIDAY)
    whole = {
        "rule": str(parse_rule(rule)),
        "anchor_day": first,
        "first_day": first,
        "last_day": None,
        "pickup_time": time(8),
    }
    return Plan(**{**whole, **fields})  # type: ignore[arg-type]


def days(rule: str, anchor: date, last: date) -> list[date]:
    return rule_days(str(parse_rule(rule)), anchor, anchor, last)


def month_and_day(found: list[date]) -> list[tuple[int, int]]:
    return [(day.month, day.day) for day in found]


# --- the rule


@pytest.mark.parametrize(
    ("rule", "anchor", "last", "expected"),
    [
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            FRIDAY,
            date(2026, 11, 30),
            [(11, 20), (11, 23), (11, 25), (11, 27), (11, 30)],
        ),
        ("FREQ=WEEKLY", FRIDAY, date(2026, 12, 4), [(11, 20), (11, 27), (12, 4)]),
        (
            "FREQ=DAILY;INTERVAL=3",
            FRIDAY,
            date(2026, 11, 30),
            [(11, 20), (11, 23), (11, 26), (11, 29)],
        ),
        # Short months have no 31st, and nobody is driven on another day instead.
        (
            "FREQ=MONTHLY",
            date(2026, 1, 31),
            date(2026, 7, 31),
            [(1, 31), (3, 31), (5, 31), (7, 31)],
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            date(2027, 12, 31),
            date(2028, 3, 31),
            [(12, 31), (1, 31), (2, 29), (3, 31)],
        ),
        # The 29th of February is a day of leap years only.
        ("FREQ=MONTHLY;BYMONTHDAY=29", date(2027, 1, 29), date(2027, 4, 1), [(1, 29), (3, 29)]),
        (
            "FREQ=MONTHLY;BYMONTHDAY=29",
            date(2028, 1, 29),
            date(2028, 4, 1),
            [(1, 29), (2, 29), (3, 29)],
        ),
        ("FREQ=MONTHLY;BYDAY=2TU", FRIDAY, date(2027, 2, 28), [(12, 8), (1, 12), (2, 9)]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            FRIDAY,
            date(2027, 1, 31),
            [(11, 30), (12, 31), (1, 29)],
        ),
    ],
)
def test_a_rule_has_these_days(
    rule: str, anchor: date, last: date, expected: list[tuple[int, int]]
) -> None:
    assert month_and_day(days(rule, anchor, last)) == expected


def test_every_second_week_is_counted_in_weeks_that_begin_on_wkst() -> None:
    # The example of RFC 5545 §3.8.5.3.
    tuesday, last = date(1997, 8, 5), date(1997, 8, 31)
    rule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST="
    assert [day.day for day in days(f"{rule}MO", tuesday, last)] == [5, 10, 19, 24]
    assert [day.day for day in days(f"{rule}SU", tuesday, last)] == [5, 17, 19, 31]


def test_weeks_begin_on_monday_where_the_rule_says_nothing() -> None:
    assert str(parse_rule("rrule:freq=weekly;byday=fr,mo")) == (
        "FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,FR;WKST=MO"
    )


def test_an_interval_is_counted_from_the_anchor_not_from_where_one_looks() -> None:
    fortnightly = str(parse_rule("FREQ=WEEKLY;INTERVAL=2"))
    looked_at = rule_days(fortnightly, FRIDAY, FRIDAY + timedelta(3), FRIDAY + timedelta(30))
    assert looked_at == [FRIDAY + timedelta(14), FRIDAY + timedelta(28)]


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "every monday",
        "FREQ=HOURLY",
        "FREQ=SECONDLY;INTERVAL=1",
        "FREQ=YEARLY",
        "BYDAY=MO",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=WEEKLY;INTERVAL=1e3",
        "FREQ=WEEKLY;INTERVAL=27",
        "FREQ=MONTHLY;INTERVAL=12",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=1",
        "FREQ=WEEKLY;UNTIL=20270101",
        "FREQ=WEEKLY;COUNT=3",
        "FREQ=DAILY;BYHOUR=8",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=WEEKLY;WKST=NO",
        "FREQ=WEEKLY\nDTSTART:20260101",
    ],
)
def test_what_is_no_rule_of_ours_is_refused_with_a_sentence(rule: str) -> None:
    with pytest.raises(InvalidRule, match=r"\.$"):
        parse_rule(rule)


@given(st.text("FREQ=WKLYDAIMONTH;BSPUV,0123456789-", max_size=60))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = parse_rule(f"FREQ=WEEKLY;{text}")
    except InvalidRule:
        return
    assert parse_rule(str(rule)) == rule


@given(
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
    st.integers(1, 31),
    st.sampled_from(
        ["", "BYDAY=SU", "BYDAY=5FR", "BYDAY=-5MO", "BYMONTHDAY=31", "BYMONTHDAY=-31",
         "BYDAY=5SU;BYSETPOS=1", "BYMONTHDAY=30,31;BYSETPOS=-1"]
    ),
    st.dates(date(2024, 1, 1), date(2032, 1, 1)),
)  # fmt: skip
def test_every_rule_that_is_taken_comes_some_day(
    frequency: str, interval: int, rest: str, anchor: date
) -> None:
    try:
        rule = parse_rule(f"FREQ={frequency};INTERVAL={interval}" + (f";{rest}" if rest else ""))
    except InvalidRule:
        return
    # At the worst a month with five Sundays every eleventh month.
    assert rule_days(str(rule), anchor, anchor, anchor + timedelta(366 * 20))


# --- its exceptions


def test_days_are_those_between_the_first_and_the_last() -> None:
    daily = plan(last_day=FRIDAY + timedelta(2))
    assert days_of(daily, FRIDAY - timedelta(9), FRIDAY + timedelta(9)) == [
        FRIDAY, FRIDAY + timedelta(1), FRIDAY + timedelta(2),
    ]  # fmt: skip
    assert days_of(replace(daily, last_day=FRIDAY - timedelta(1)), FRIDAY, FRIDAY) == []


def test_overlapping_pauses_hold_back_what_any_of_them_covers() -> None:
    paused = plan(
        pauses=(
            Pause(FRIDAY + timedelta(1), FRIDAY + timedelta(3)),
            Pause(FRIDAY + timedelta(2), FRIDAY + timedelta(5)),
            Pause(FRIDAY + timedelta(8)),
        ),
        skipped=frozenset({FRIDAY + timedelta(7)}),
        holidays=frozenset({FRIDAY}),
    )
    reasons = [held_back(paused, FRIDAY + timedelta(n)) for n in range(10)]
    assert reasons == ["holiday", *["paused"] * 5, "", "skipped", "paused", "paused"]
    driven = [o.day for o in occurrences(paused, STOCKHOLM, FRIDAY, FRIDAY + timedelta(900))]
    assert driven == [FRIDAY + timedelta(6)]


# --- clocks


@pytest.mark.parametrize(
    ("zone", "day", "wall", "expected"),
    [
        # 08:00 stays 08:00: in Stockholm clocks go back on 2026-10-25, forward on 2027-03-28.
        (STOCKHOLM, date(2026, 10, 24), time(8), "2026-10-24T06:00"),
        (STOCKHOLM, date(2026, 10, 25), time(8), "2026-10-25T07:00"),
        (STOCKHOLM, date(2027, 3, 27), time(8), "2027-03-27T07:00"),
        (STOCKHOLM, date(2027, 3, 28), time(8), "2027-03-28T06:00"),
        # 02:30 does not exist there: it is 03:30 summer time.
        (STOCKHOLM, date(2027, 3, 28), time(2, 30), "2027-03-28T01:30"),
        # 02:30 comes twice: the first one, still summer time.
        (STOCKHOLM, date(2026, 10, 25), time(2, 30), "2026-10-25T00:30"),
        # In New York on 2026-11-01 and 2027-03-14.
        (NEW_YORK, date(2026, 10, 31), time(8), "2026-10-31T12:00"),
        (NEW_YORK, date(2026, 11, 1), time(8), "2026-11-01T13:00"),
        (NEW_YORK, date(2027, 3, 13), time(8), "2027-03-13T13:00"),
        (NEW_YORK, date(2027, 3, 14), time(8), "2027-03-14T12:00"),
        (NEW_YORK, date(2027, 3, 14), time(2, 30), "2027-03-14T07:30"),
        (NEW_YORK, date(2026, 11, 1), time(1, 30), "2026-11-01T05:30"),
    ],
)
def test_the_wall_clock_keeps_its_time_across_changes_of_clocks(
    zone: ZoneInfo, day: date, wall: time, expected: str
) -> None:
    assert moment_of(day, wall, zone) == datetime.fromisoformat(f"{expected}+00:00")
    assert moment_of(day, wall.replace(fold=1), zone) == moment_of(day, wall, zone)


@given(
    st.sampled_from([STOCKHOLM, NEW_YORK]),
    st.dates(date(2026, 1, 1), date(2028, 1, 1)),
    st.times(),
    st.times(),
)
def test_each_order_has_one_outbound_a_day_and_nobody_returns_before_they_left(
    zone: ZoneInfo, day: date, out: time, back: time
) -> None:
    daily = plan(first_day=day, pickup_time=out, return_kind="timed", return_time=back)
    found = list(occurrences(daily, zone, day, day + timedelta(20)))
    assert [one.day for one in found] == [day + timedelta(n) for n in range(21)]
    for one in found:
        local = one.pickup_at.astimezone(zone)
        assert local.date() == one.day
        assert (
            local.time() == out
            or one.pickup_at.astimezone(zone).utcoffset()
            != (local - timedelta(hours=2)).utcoffset()
        )
        assert one.return_at is not None
        assert one.pickup_at <= one.return_at < one.pickup_at + timedelta(hours=25)


def test_who_is_fetched_in_the_evening_returns_the_next_morning() -> None:
    night = plan(pickup_time=time(20), return_kind="timed", return_time=time(4, 30))
    one = occurrence(night, STOCKHOLM, FRIDAY)
    assert one.return_at is not None
    assert one.return_at.astimezone(STOCKHOLM).isoformat() == "2026-11-21T04:30:00+01:00"


# --- in words


@pytest.mark.parametrize(
    ("rule", "fields", "expected"),
    [
        (
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            {"return_kind": "will_call"},
            "every Mon, Wed, Fri at 08:00, back by will-call",
        ),
        ("FREQ=DAILY", {}, "every day at 08:00"),
        ("FREQ=DAILY;INTERVAL=2", {}, "every 2 days at 08:00"),
        ("FREQ=DAILY;BYDAY=SA,SU", {}, "every Sat, Sun at 08:00"),
        ("FREQ=WEEKLY", {}, "every Fri at 08:00"),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            {"appointment_time": time(9), "return_kind": "timed", "return_time": time(12, 30)},
            "every 2 weeks on Tue at 08:00 for 09:00, back at 12:30",
        ),
        (
            "FREQ=DAILY",
            {"pickup_time": time(20), "return_kind": "timed", "return_time": time(4)},
            "every day at 20:00, back at 04:00 the next day",
        ),
        ("FREQ=MONTHLY", {}, "every month on day 20 at 08:00"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,15,-1",
            {},
            "every month on day 1, day 15, the last day at 08:00",
        ),
        ("FREQ=MONTHLY;INTERVAL=3;BYDAY=2TU", {}, "every 3 months on the 2nd Tue at 08:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR", {}, "every month on the last Fri at 08:00"),
        ("FREQ=MONTHLY;BYDAY=MO,FR;BYSETPOS=1", {}, "every month on the 1st of Mon, Fri at 08:00"),
    ],
)
def test_an_order_is_read_aloud(rule: str, fields: dict[str, object], expected: str) -> None:
    assert describe(plan(rule, **fields)) == expected
