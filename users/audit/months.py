"""Months of the audit: made ahead, and dropped whole when they are older than what is kept."""

from datetime import date, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from config.locks import briefly
from users.audit.entries import month_of

_PREFIX = "users_auditentry_"
#: How long answers may be held up by a month that goes.
LOCKED_WITHIN_MS = 100
_DROP = """
    ALTER TABLE users_auditentry DETACH PARTITION {table};
    DROP TABLE {table};
    DELETE FROM users_auditchain WHERE month = '{month}'"""


def roll_months() -> tuple[int, int]:
    """(months there are, months dropped): this one and the next exist, old ones go."""
    today = timezone.now().date()
    with connection.cursor() as cursor:
        for day in (today, month_of(timezone.now()) + timedelta(days=31)):
            cursor.execute("SELECT users_audit_make_month(%s)", [day])
        cursor.execute("SELECT users_audit_protect()")
    oldest = _months_before(today, settings.AUDIT_KEEP_MONTHS)
    old = [month for month in months() if month < oldest]
    dropped = [month for month in old if _drop(month)]
    return len(months()), len(dropped)


def months() -> list[date]:
    """First days of the months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'users_auditentry'::regclass"
        )
        names = sorted(name.removeprefix(_PREFIX) for (name,) in cursor.fetchall())
    return [date(int(name[:4]), int(name[4:]), 1) for name in names]


def _drop(month: date) -> bool:
    """A month's rows and its chain in one transaction: a chain without rows would be a fault."""
    return briefly(_DROP.format(table=f"{_PREFIX}{month:%Y%m}", month=month), LOCKED_WITHIN_MS)


def _months_before(day: date, count: int) -> date:
    index = day.year * 12 + day.month - 1 - count
    return date(index // 12, index % 12 + 1, 1)
