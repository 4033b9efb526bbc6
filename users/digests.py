"""The mails that sum up: a person's day in the morning, the company's week on Monday."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet, Value
from django.template.loader import render_to_string
from django.utils import timezone

from config.arguments import InvalidArguments
from trips.lifecycle import OPEN, WITH_DRIVER, Status
from trips.models import Company, Trip
from trips.reports.definitions import ENDINGS
from trips.reports.rollup import week_report
from users.models import Notification, User
from users.notifications import mail
from users.roles import Role

DAILY, WEEKLY = "daily_digest", "weekly_report"
#: Roles with a day to be told about.
READERS = (Role.DISPATCHER, Role.DRIVER)
#: Until when a digest that was missed (no beat, no broker) is still sent.
CATCH_UP_HOURS = 6
#: Statuses in which a patient still waits to be fetched.
WAITING = OPEN - {Status.IN_PROGRESS, Status.ARRIVED_DROPOFF}
MOST_LINES = 200
_WINDOW = ExpressionWrapper(F("window_minutes") * Value(timedelta(minutes=1)), DurationField())


def zone_of(user: User, company: Company) -> ZoneInfo:
    """The person's time zone, else the company's."""
    try:
        return ZoneInfo(user.time_zone or company.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(company.time_zone)


def queue_digest(user: User) -> str:
    """Queue a person's digest of their today, once; InvalidArguments for who gets none."""
    if user.role not in READERS:
        raise InvalidArguments(f"user {user.pk} is a {user.role}, who gets no digest")
    if not user.email:
        return f"user {user.pk} has no address"
    new = mail(kind=DAILY, key=_key(user, Company.get(), timezone.now()), user=user)
    return f"digest of user {user.pk} {'queued' if new else 'already queued'}"


def due(now: datetime) -> list[int]:
    """The people whose local clock says that it is time, and who have none of today yet."""
    company = Company.get()
    people = User.objects.filter(role__in=READERS, is_active=True).exclude(email="")
    first = settings.DIGEST_HOUR
    keys = {
        user.pk: _key(user, company, now)
        for user in people
        if first <= now.astimezone(zone_of(user, company)).hour < first + CATCH_UP_HOURS
    }
    sent = Notification.objects.filter(kind=DAILY, key__in=set(keys.values()), user__in=keys)
    return sorted(keys.keys() - set(sent.values_list("user_id", flat=True)))


def _key(user: User, company: Company, now: datetime) -> str:
    return f"digest:{now.astimezone(zone_of(user, company)).date()}"


def compose_digest(row: Notification) -> EmailMultiAlternatives:
    """The digest in words: trips of the key's day by id and time, never a name or an address."""
    if row.user is None:
        raise LookupError("a digest needs a person")
    company = Company.get()
    day, zone = date.fromisoformat(row.key.partition(":")[2]), zone_of(row.user, company)
    trips = _trips_of(row.user, day, zone)
    now = timezone.now()
    late = trips.filter(status__in=WAITING, scheduled_at__lt=now - _WINDOW)
    context = {
        "user": row.user,
        "day": day,
        "total": trips.count(),
        "trips": [_line(trip, zone) for trip in trips[:MOST_LINES]],
        "late": [trip.pk for trip in late],
        "unassigned": [trip.pk for trip in trips.filter(status__in=OPEN - WITH_DRIVER)],
        "dispatching": row.user.role == Role.DISPATCHER,
        "base_url": settings.BASE_URL,
    }
    return _message(row, company, f"Your day at {company.name}", context)


def _trips_of(user: User, day: date, zone: ZoneInfo) -> QuerySet[Trip]:
    begin = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    trips = Trip.objects.filter(scheduled_at__gte=begin, scheduled_at__lt=end)
    if user.role == Role.DRIVER:
        trips = trips.filter(driver__user=user, status__in=WITH_DRIVER)
    return trips.order_by("scheduled_at", "pk")


def _line(trip: Trip, zone: ZoneInfo) -> dict[str, object]:
    at = trip.scheduled_at.astimezone(zone) if trip.scheduled_at else None
    return {
        "id": trip.pk,
        "at": f"{at:%H:%M}",
        "mobility": trip.get_mobility_display(),
        "status": trip.status,
    }


def queue_weekly_reports(now: datetime) -> int:
    """Queue the report of the last full week to each administrator, once; how many were new."""
    today = now.astimezone(ZoneInfo(Company.get().time_zone)).date()
    monday = today - timedelta(days=today.weekday() + 7)
    admins = User.objects.filter(role=Role.ADMIN, is_active=True)
    return sum(mail(kind=WEEKLY, key=f"week:{monday}", user=admin) for admin in admins)


def compose_report(row: Notification) -> EmailMultiAlternatives:
    """A week in numbers, of the reports' own table."""
    company = Company.get()
    monday = date.fromisoformat(row.key.partition(":")[2])
    week = week_report(monday, timezone.now())
    counts = {name.replace("_", " "): getattr(week, name) for name in ENDINGS}
    context = {
        "monday": monday,
        "total": week.trips,
        "counts": [(name, count) for name, count in counts.items() if count],
        "late": week.pickups_late,
    }
    return _message(row, company, f"Week of {monday} at {company.name}", context)


def _message(
    row: Notification, company: Company, subject: str, context: dict[str, object]
) -> EmailMultiAlternatives:
    return EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"users/mail/{row.kind}.txt", {"company": company, **context}),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[row.user.email if row.user else row.address],
        reply_to=[company.email] if company.email else None,
    )
