"""A driver's trips as an iCalendar feed behind a secret link.

The link is held by calendar services of others, so it opens nothing else and the feed names
nobody. It is a signed name of a token row that nobody can log in with: its token was thrown
away unseen. Whoever deletes the row - a new link, `logoutall`, the admin - ends the link.
"""

from datetime import datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from icalendar import Calendar, Event
from knox.models import AuthToken

from trips.dispatch.travel import drive_time_s
from trips.lifecycle import Status
from trips.models import Company, Trip
from users.models import User
from users.roles import Permission

SALT = "trips.calendars"
#: Where no token of a person begins so: theirs are hexadecimal.
PREFIX = "cal_"
DAYS_BACK, DAYS_AHEAD = 1, 8
MOST_TRIPS = 500
#: Decimals of a degree that it tells: about a kilometre.
COARSE = 2
#: Getting in and out, beside the drive.
AT_STOPS = timedelta(minutes=15)

_OFF = frozenset({Status.CANCELLED, Status.NO_SHOW, Status.REJECTED, Status.MISSED})


# --- the link


def renew_link(user: User) -> str:
    """The address of the person's feed; the former one ends."""
    with transaction.atomic():
        # Locked: two at once must not leave two links.
        User.objects.select_for_update().get(pk=user.pk)
        end_link(user)
        row, _ = AuthToken.objects.create(user, expiry=None, prefix=PREFIX)
    signed = signing.dumps([user.pk, row.token_key], salt=SALT)
    return f"{settings.BASE_URL}/api/calendar/{signed}.ics"


def end_link(user: User) -> None:
    """The person's feed ends; nothing where there is none."""
    AuthToken.objects.filter(user=user, token_key__startswith=PREFIX).delete()


def link_owner(signed: str) -> User | None:
    """Whose feed the link opens; None where it is forged or ended, or they no longer drive."""
    try:
        user_id, key = signing.loads(signed, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    rows = AuthToken.objects.select_related("user").filter(user_id=user_id, token_key=key)
    row = rows.first()
    return row.user if row and row.user.may(Permission.DRIVE) else None


# --- the feed


def feed(user: User) -> bytes:
    """The trips of yesterday and the coming week, as a calendar."""
    company = Company.get()
    zone = ZoneInfo(company.time_zone)
    today = datetime.combine(timezone.now().astimezone(zone).date(), time(), zone)
    begin, end = today - timedelta(days=DAYS_BACK), today + timedelta(days=DAYS_AHEAD)
    # Not `visible_trips`: it tells of the week what a driver must know to plan it, and no more.
    mine = Trip.objects.filter(driver__user=user)
    trips = mine.filter(scheduled_at__gte=begin, scheduled_at__lt=end)
    calendar = Calendar()
    calendar.add("prodid", "-//ATW//Trips//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Trips · {company.name}")
    calendar.add("refresh-interval", timedelta(minutes=15), parameters={"VALUE": "DURATION"})
    for trip in trips.order_by("scheduled_at", "pk")[:MOST_TRIPS]:
        if trip.scheduled_at is not None:
            calendar.add_component(_event(trip, trip.scheduled_at))
    content: bytes = calendar.to_ical()
    return content


def _event(trip: Trip, begin: datetime) -> Event:
    event = Event()
    event.add("uid", uid_of(trip))
    event.add("sequence", trip.version)
    event.add("dtstamp", trip.state_since)
    event.add("dtstart", begin)
    event.add("dtend", end_of(trip, begin))
    event.add("summary", f"Trip {trip.pk} · {trip.get_mobility_display().lower()}")
    where = round(trip.pickup_latitude, COARSE), round(trip.pickup_longitude, COARSE)
    event.add("geo", where)
    event.add("location", "near {:.2f}, {:.2f}".format(*where))
    event.add("status", "CANCELLED" if Status(trip.status) in _OFF else "CONFIRMED")
    event.add("url", f"{settings.BASE_URL}/api/trips/{trip.pk}/")
    return event


def uid_of(trip: Trip) -> str:
    """By which calendars know the trip, in feeds and in mails."""
    return f"trip-{trip.pk}@{urlsplit(settings.BASE_URL).hostname}"


def end_of(trip: Trip, begin: datetime) -> datetime:
    """When it ended, or may be expected to end."""
    there = (trip.dropoff_latitude, trip.dropoff_longitude)
    drive_s = drive_time_s((trip.pickup_latitude, trip.pickup_longitude), there)
    expected = begin + timedelta(seconds=round(drive_s, -1)) + AT_STOPS
    return max(begin, trip.dropped_off_at or expected)
