"""Months of the audit: made ahead, and dropped whole when they are older than what is kept."""

from datetime import date, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from users.audit.entries import month_of
from users.models import AuditChain

_PREFIX = "users_auditentry_"


def roll_months() -> tuple[int, int]:
    """(months there are, months dropped): this one and the next exist, old ones go."""
    today = timezone.now().date()
    with connection.cursor() as cursor:
        for day in (today, month_of(timezone.now()) + timedelta(days=31)):
            cursor.execute("SELECT users_audit_make_month(%s)", [day])
        cursor.execute("SELECT users_audit_protect()")
    oldest = _months_before(today, settings.AUDIT_KEEP_MONTHS)
    old = [month for month in months() if month < oldest]
    for month in old:
        _drop(month)
    return len(months()), len(old)


def months() -> list[date]:
    """First days of the months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'users_auditentry'::regclass"
        )
        names = sorted(name.removeprefix(_PREFIX) for (name,) in cursor.fetchall())
    return [date(int(name[:4]), int(name[4:]), 1) for name in names]


def _drop(month: date) -> None:
    """A month's rows and its chain in one transaction: a chain without rows would be a fault."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {_PREFIX}{month:%Y%m}")
        AuditChain.objects.filter(month=month).delete()


def _months_before(day: date, count: int) -> date:
    index = day.year * 12 + day.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)
