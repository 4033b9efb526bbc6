"""The mails that sum up: a person's day in the morning, the company's week on Monday."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import DurationField, ExpressionWrapper, F, QuerySet, Value
from django.utils import timezone

from config.arguments import InvalidArguments
from trips.lifecycle import OPEN, WITH_DRIVER, Status
from trips.models import Company, DayReport, Trip
from trips.queries import company_day
from trips.reports.definitions import ENDINGS
from trips.reports.rollup import week_report
from users.mails import post
from users.mails.summaries import Day, Line, Week, day_letter, week_letter
from users.models import Notification, User
from users.pipe import mail
from users.roles import Role
from users.zones import zone_of

DAILY, WEEKLY = "daily_digest", "weekly_report"
#: Roles with a day to be told about.
READERS = (Role.DISPATCHER, Role.DRIVER)
#: Until when a digest that was missed (no beat, no broker) is still sent.
CATCH_UP_HOURS = 6
#: Statuses in which a patient still waits to be fetched.
WAITING = OPEN - {Status.IN_PROGRESS, Status.ARRIVED_DROPOFF}
MOST_LINES = 200
_WINDOW = ExpressionWrapper(F("window_minutes") * Value(timedelta(minutes=1)), DurationField())


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
        if first <= _local(user, company, now).hour < first + CATCH_UP_HOURS
    }
    sent = Notification.objects.filter(kind=DAILY, key__in=set(keys.values()), user__in=keys)
    return sorted(keys.keys() - set(sent.values_list("user_id", flat=True)))


def _key(user: User, company: Company, now: datetime) -> str:
    return f"digest:{_local(user, company, now).date()}"


def _local(user: User, company: Company, now: datetime) -> datetime:
    return now.astimezone(zone_of(user.time_zone, company.time_zone))


def compose_digest(row: Notification) -> EmailMultiAlternatives:
    """The digest of the key's day: trips by id and time, never a name or an address."""
    if row.user is None:
        raise LookupError("a digest needs a person")
    day = _day_of(row.user, date.fromisoformat(row.key.partition(":")[2]))
    return post(row, lambda reader: day_letter(day, reader))


def _day_of(user: User, day: date) -> Day:
    trips = _trips_of(user, day, zone_of(user.time_zone, Company.get().time_zone))
    late = trips.filter(status__in=WAITING, scheduled_at__lt=timezone.now() - _WINDOW)
    unassigned = trips.filter(status__in=OPEN - WITH_DRIVER)
    return Day(
        day=day,
        total=trips.count(),
        trips=_lines(trips),
        late=_lines(late),
        unassigned=_lines(unassigned),
        dispatching=user.role == Role.DISPATCHER,
    )


def _trips_of(user: User, day: date, zone: ZoneInfo) -> QuerySet[Trip]:
    begin = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    trips = Trip.objects.filter(scheduled_at__gte=begin, scheduled_at__lt=end)
    if user.role == Role.DRIVER:
        trips = trips.filter(driver__user=user, status__in=WITH_DRIVER)
    return trips.order_by("scheduled_at", "pk")


def _lines(trips: QuerySet[Trip]) -> list[Line]:
    return [
        Line(trip_id=trip.pk, at=trip.scheduled_at, mobility=trip.mobility, status=trip.status)
        for trip in trips[:MOST_LINES]
        if trip.scheduled_at is not None
    ]


def queue_weekly_reports(now: datetime) -> int:
    """Queue the report of the last full week to each administrator, once; how many were new."""
    today = company_day(now)
    monday = today - timedelta(days=today.weekday() + 7)
    admins = User.objects.filter(role=Role.ADMIN, is_active=True)
    return sum(mail(kind=WEEKLY, key=f"week:{monday}", user=admin) for admin in admins)


def compose_report(row: Notification) -> EmailMultiAlternatives:
    """A week in numbers, of the reports' own table."""
    week = _week_of(date.fromisoformat(row.key.partition(":")[2]))
    return post(row, lambda reader: week_letter(week, reader))


def _week_of(monday: date) -> Week:
    row = week_report(monday, timezone.now())
    dates = [monday + timedelta(days=n) for n in range(7)]
    days = DayReport.objects.in_bulk(dates)
    counts = [(name, getattr(row, name)) for name in ENDINGS]
    return Week(
        monday=monday,
        days=[
            (day, days[day].trips, days[day].completed) if day in days else (day, 0, 0)
            for day in dates
        ],
        total=row.trips,
        completed=row.completed,
        pickups_due=row.pickups_due,
        pickups_late=row.pickups_late,
        endings=[(name, count) for name, count in counts if count],
    )
