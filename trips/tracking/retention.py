"""Days of fixes: made ahead, dropped when they are older than the kept days."""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

#: Partitions that exist before their day begins, so that no fix has to make its own.
DAYS_AHEAD = 3
PREFIX = "trips_gpsfix_"


def roll_days() -> tuple[int, int]:
    """(days made, days dropped). Dropping a partition takes the same time for any size."""
    today = timezone.now().date()
    existing = _days()
    ahead = [today + timedelta(days=n) for n in range(-1, DAYS_AHEAD + 1)]
    # A fix may be as old as the kept days, so the day that holds the limit stays.
    oldest = today - timedelta(days=settings.GPS_KEEP_DAYS)
    with connection.cursor() as cursor:
        for day in (made := [day for day in ahead if day not in existing]):
            cursor.execute("SELECT trips_gpsfix_make_day(%s)", [day])
        for day in (dropped := [day for day in existing if day < oldest]):
            cursor.execute(f"DROP TABLE {PREFIX}{day:%Y%m%d}")
    return len(made), len(dropped)


def _days() -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text FROM pg_partition_tree('trips_gpsfix') WHERE isleaf"
        )
        names = [row[0].removeprefix(PREFIX) for row in cursor.fetchall()]
    return [datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for name in sorted(names)]
