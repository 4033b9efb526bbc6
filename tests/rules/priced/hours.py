"""Waiting, and hours that cost more."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from billing.rates import WaitRounding
from billing.rates.cards import windows_of
from tests.rules.priced import case, driven

COMPLETED = {"wait_rounding": WaitRounding.COMPLETED}
NEAREST = {"wait_rounding": WaitRounding.NEAREST}

WAITING = [
    case("15 min are the grace", "A0130 4500", wait_minutes=15),
    case("16 min: one started half hour", "A0130 4500 T2007 1500", wait_minutes=16),
    case("45 min: 30 after the grace, one half hour", "A0130 4500 T2007 1500", wait_minutes=45),
    case("46 min: 31 after the grace, two started", "A0130 4500 T2007 3000", wait_minutes=46),
    case("44 min: 29 after the grace, none completed", "A0130 4500", COMPLETED, wait_minutes=44),
    case("45 min: one completed", "A0130 4500 T2007 1500", COMPLETED, wait_minutes=45),
    case(
        "74 min: 59 after the grace, one completed", "A0130 4500 T2007 1500", COMPLETED,
        wait_minutes=74,
    ),
    case("29 min: 14 are nearer to none", "A0130 4500", NEAREST, wait_minutes=29),
    case("30 min: 15 are half of one, up", "A0130 4500 T2007 1500", NEAREST, wait_minutes=30),
    case("59 min: 44 are nearer to one", "A0130 4500 T2007 1500", NEAREST, wait_minutes=59),
    case("60 min: 45 are one and a half, up", "A0130 4500 T2007 3000", NEAREST, wait_minutes=60),
    case(
        "46 min in quarters of 7.50: 31 after the grace, three started, 22.50",
        "A0130 4500 T2007 2250",
        {"wait_increment_minutes": 15, "wait_increment_cents": 750},
        wait_minutes=46,
    ),
    case(
        "1 min without grace: one started", "A0130 4500 T2007 1500", {"wait_grace_minutes": 0},
        wait_minutes=1,
    ),
    case(
        "200 min, at most 60 are paid: two", "A0130 4500 T2007 3000", {"wait_cap_minutes": 60},
        wait_minutes=200,
    ),
    case(
        "200 min, at most 50 are paid: two started", "A0130 4500 T2007 3000",
        {"wait_cap_minutes": 50}, wait_minutes=200,
    ),
    case(
        "200 min, at most 50 are paid: one completed", "A0130 4500 T2007 1500",
        COMPLETED | {"wait_cap_minutes": 50}, wait_minutes=200,
    ),
    case("waiting is never paid", "A0130 4500", {"wait_cap_minutes": 0}, wait_minutes=200),
    case("waiting is free", "A0130 4500", {"wait_increment_cents": 0}, wait_minutes=200),
]  # fmt: skip

NEW_YORK = ZoneInfo("America/New_York")
THANKSGIVING, INDEPENDENCE = date(2026, 11, 26), date(2026, 7, 3)
#: Nights of working days 20.00; all of Saturday and Sunday 25 %; holidays 50.00.
HOURS: dict[str, Any] = {
    "after_hours": windows_of(
        [
            {
                "days": ["MO", "TU", "WE", "TH", "FR"],
                "from": "18:00",
                "to": "06:00",
                "flat_cents": 2_000,
            },
            {"days": ["SA", "SU"], "from": "00:00", "to": "00:00", "percent": "25"},
            {"holidays": True, "from": "00:00", "to": "00:00", "flat_cents": 5_000},
        ]
    )
}
#: Saturday nights until two in the morning, 20.00.
SATURDAY_NIGHT: dict[str, Any] = {
    "after_hours": windows_of(
        [{"days": ["SA"], "from": "22:00", "to": "02:00", "flat_cents": 2_000}]
    )
}


def at(local: str) -> dict[str, Any]:
    """Agreed at this time of the clock in New York."""
    holidays = frozenset({THANKSGIVING, INDEPENDENCE})
    return {
        "agreed_at": datetime.fromisoformat(local).replace(tzinfo=NEW_YORK),
        "holidays": holidays,
    }


def utc(moment: str) -> dict[str, Any]:
    """Agreed at this moment, which the company reads from its clock in New York."""
    return {"agreed_at": datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(NEW_YORK)}


def percent(words: str, flat_cents: int = 0) -> dict[str, Any]:
    window = {"days": ["TU"], "from": "00:00", "to": "00:00", "percent": words}
    return {"after_hours": windows_of([window | {"flat_cents": flat_cents}])}


CLOCK = [
    case("Tuesday 17:59 is day", "A0130 4500", HOURS, **at("2026-03-10T17:59")),
    case("Tuesday 18:00 is night", "A0130 4500 A0130 2000", HOURS, **at("2026-03-10T18:00")),
    case(
        "Wednesday 05:59 is still Tuesday's night", "A0130 4500 A0130 2000", HOURS,
        **at("2026-03-11T05:59"),
    ),
    case("Wednesday 06:00 is day", "A0130 4500", HOURS, **at("2026-03-11T06:00")),
    case(
        "Saturday 02:00: Friday's night, 20.00, is dearer than 25 % of 45.00, 11.25; never both",
        "A0130 4500 A0130 2000", HOURS, **at("2026-03-14T02:00"),
    ),
    case(
        "Saturday noon: 25 % of 45.00 are 11.25", "A0130 4500 A0130 1125", HOURS,
        **at("2026-03-14T12:00"),
    ),
    case(
        "Saturday noon and 9 miles: 4 at 3.75 are 15.00; 25 % of 60.00 are 15.00",
        "A0130 4500 S0209 1500 A0130 1500", HOURS, **driven("9"), **at("2026-03-14T12:00"),
    ),
    case(
        "Saturday noon with an hour's wait: no percent of the waiting; 45 min are two half hours",
        "A0130 4500 A0130 1125 T2007 3000", HOURS, wait_minutes=60, **at("2026-03-14T12:00"),
    ),
    case(
        "Monday 03:00: Sunday has ended, and its night is no working day's", "A0130 4500", HOURS,
        **at("2026-03-16T03:00"),
    ),
    case(
        "Sunday 23:59 is weekend: 11.25", "A0130 4500 A0130 1125", HOURS, **at("2026-03-15T23:59")
    ),
    case(
        "a holiday's noon: 50.00", "A0130 4500 A0130 5000", HOURS, **at("2026-07-03T12:00")
    ),
    case(
        "a holiday's night: 50.00 is dearer than the night's 20.00", "A0130 4500 A0130 5000", HOURS,
        **at("2026-07-03T20:00"),
    ),
    case(
        "half past midnight after Thanksgiving: the holiday is over, its night is not: 20.00",
        "A0130 4500 A0130 2000", HOURS, **at("2026-11-27T00:30"),
    ),
    case(
        "12.5 % of 45.00 are 5.625, so 5.63", "A0130 4500 A0130 563", percent("12.5"),
        **at("2026-03-10T12:00"),
    ),
    case(
        "10 % of 45.00 and 5.00: 9.50", "A0130 4500 A0130 950", percent("10", 500),
        **at("2026-03-10T12:00"),
    ),
    case(
        "01:30, the first time the clock shows it in the night that gets longer",
        "A0130 4500 A0130 2000", SATURDAY_NIGHT, **utc("2026-11-01T05:30"),
    ),
    case(
        "01:30, the second time, an hour later", "A0130 4500 A0130 2000", SATURDAY_NIGHT,
        **utc("2026-11-01T06:30"),
    ),
    case("02:00 of that night", "A0130 4500", SATURDAY_NIGHT, **utc("2026-11-01T07:00")),
    case(
        "01:59 in the night that gets shorter", "A0130 4500 A0130 2000", SATURDAY_NIGHT,
        **utc("2026-03-08T06:59"),
    ),
    case(
        "a minute later it is 03:00, and the window is over", "A0130 4500", SATURDAY_NIGHT,
        **utc("2026-03-08T07:00"),
    ),
    case(
        "22:30 UTC on a Tuesday in winter is 17:30: day", "A0130 4500", HOURS,
        **utc("2026-01-13T22:30"),
    ),
    case(
        "22:30 UTC on a Tuesday in summer is 18:30: night", "A0130 4500 A0130 2000", HOURS,
        **utc("2026-07-14T22:30"),
    ),
    case("no time was ever agreed", "A0130 4500", HOURS),
]  # fmt: skip
