"""One letter of each kind about an invented trip, for tests and `manage.py preview_emails`.

Nothing here is in the database, and nothing is written to it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth.hashers import make_password

from trips.dispatch.standing_orders import Plan
from trips.models import Company, Trip
from users.languages import DEFAULT
from users.mails import accounts
from users.mails.compose import RIDES, TO_DRIVERS
from users.mails.letters import Letter
from users.mails.people import Reader
from users.mails.rides import Ride
from users.mails.standing import standing_letter
from users.mails.summaries import Day, Line, Week, day_letter, week_letter
from users.models import User
from users.zones import zone_of

Write = Callable[[Reader], Letter]
NOW = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)
PICKUP = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
TRACK = "https://rides.example/track/MTI4NA:1wLq2x:3s7d0Xk/"
ANSWER = "https://rides.example/trips/confirm/MTI4NA:1wLq2x:9f2b1Qa/"
_MINUTES = timedelta(minutes=1)


def company() -> Company:
    """An invented company."""
    return Company(
        pk=1,
        name="Harbor Medical Rides",
        time_zone="America/New_York",
        phone="+1 555 010 0199",
        email="dispatch@rides.example",
        payment_instructions="Pay by check to Harbor Medical Rides, or at rides.example/pay.",
    )


def reader(language: str = DEFAULT, *, optional: bool = True) -> Reader:
    """Who reads the samples."""
    return Reader(
        company=company(),
        address="reader@mail.example",
        language=language,
        zone=zone_of(company().time_zone),
        first_name="Maria",
        unsubscribe_url="https://rides.example/unsubscribe/MTI:1wLq2x:Zk/" if optional else "",
    )


def trip() -> Trip:
    """An invented trip to a dialysis, tomorrow."""
    return Trip(
        pk=1284,
        version=7,
        status="assigned",
        state_since=PICKUP + 14 * _MINUTES,
        mobility="wheelchair",
        pickup_latitude=40.70,
        pickup_longitude=-74.01,
        dropoff_latitude=40.75,
        dropoff_longitude=-73.98,
        scheduled_at=PICKUP,
        window_minutes=30,
        appointment_at=PICKUP + 75 * _MINUTES,
        arrived_pickup_at=PICKUP + 2 * _MINUTES,
        dropped_off_at=PICKUP + 41 * _MINUTES,
    )


def ride() -> Ride:
    """The trip with its driver and vehicle."""
    return Ride(
        trip=trip(),
        now=NOW,
        driver="Omar",
        vehicle="Van 12 · KBR 4821",
        expected_at=PICKUP + 25 * _MINUTES,
        former_at=PICKUP - 45 * _MINUTES,
        track_url=TRACK,
        answer_url=ANSWER,
    )


def letters() -> Mapping[str, Write]:
    """{kind: writer of its letter}; a driver's variants are named `…_driver`."""
    found: dict[str, Write] = {
        "welcome": lambda to: accounts.welcome(_user(), to),
        "password_reset": lambda to: accounts.password_reset(_user(), to),
    }
    about = ride()
    found |= {kind: _about(write, about) for kind, write in RIDES.items()}
    found |= {f"{kind}_driver": _about(write, about) for kind, write in TO_DRIVERS.items()}
    return found | {
        "standing_order": lambda to: standing_letter(
            31, _plan(), "paused", {"from": "2026-11-23", "to": "2026-12-04", "withdrawn": 6}, to
        ),
        "daily_digest_dispatcher": lambda to: day_letter(_day(), to),
        "daily_digest_driver": lambda to: day_letter(_drivers_day(), to),
        "weekly_report": lambda to: week_letter(_week(), to),
    }


def _about(write: Callable[[Ride, Reader], Letter], about: Ride) -> Write:
    return lambda to: write(about, to)


def _user() -> User:
    return User(pk=77, username="maria.lopez", email="m@mail.example", password=make_password(None))


def _plan() -> Plan:
    return Plan(
        rule="FREQ=WEEKLY;BYDAY=MO,WE,FR",
        anchor_day=date(2026, 11, 2),
        first_day=date(2026, 11, 2),
        last_day=None,
        pickup_time=time(8, 30),
        appointment_time=time(9, 45),
        return_kind="will_call",
        return_time=None,
    )


def _lines(count: int, status: str) -> list[Line]:
    kinds = ("ambulatory", "wheelchair", "stretcher")
    begin = datetime(2026, 11, 19, 11, 15, tzinfo=UTC)
    return [
        Line(
            trip_id=1270 + n,
            at=begin + n * 35 * _MINUTES,
            mobility=kinds[n % 3],
            status=status,
        )
        for n in range(count)
    ]


def _day() -> Day:
    trips = _lines(3, "completed") + _lines(9, "assigned")[3:] + _lines(12, "scheduled")[9:]
    return Day(
        day=NOW.date(),
        total=46,
        trips=trips,
        late=trips[3:4],
        unassigned=trips[9:],
        dispatching=True,
    )


def _drivers_day() -> Day:
    return Day(day=NOW.date(), total=4, trips=_lines(4, "assigned"))


def _week() -> Week:
    monday = date(2026, 11, 9)
    counts = ((44, 41), (38, 38), (51, 47), (59, 52), (46, 44), (10, 9), (2, 0))
    return Week(
        monday=monday,
        days=[(monday + timedelta(days=n), *pair) for n, pair in enumerate(counts)],
        total=250,
        completed=231,
        pickups_due=236,
        pickups_late=14,
        endings=[("completed", 231), ("cancelled", 12), ("no_shows", 5), ("missed", 2)],
    )
