"""Data that arrives after a trip was measured: found by its arrival, and measured again."""

import logging
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from trips.evidence.measurement import measure
from trips.models import LateDataMark, TripMeasurement
from trips.tracking.filters import Verdict

logger = logging.getLogger(__name__)

#: A fix may be committed so long after the moment at which it was received, by its own account.
COMMIT_WITHIN = timedelta(seconds=30)
#: How far back arrivals are looked at where nobody knows how far they were.
FIRST_LOOK = timedelta(hours=1)
#: Trips measured in one run; the next one goes on.
MOST_AT_ONCE = 200

# By the index on arrival, and grouped by hour: a backlog of days touches each trip of its hours
# alone. A position's own trip, and whichever else its vehicle had then.
_MARK = """
    WITH late AS (
        SELECT vehicle_id, trip_id, min(at) AS first, max(at) AS last, max(received_at) AS received
        FROM (SELECT vehicle_id, trip_id, received_at, coalesce(corrected_at, recorded_at) AS at
              FROM trips_gpsfix
              WHERE received_at > %(from)s AND received_at <= %(to)s AND verdict = ANY(%(verdicts)s)
             ) f
        GROUP BY vehicle_id, trip_id, date_trunc('hour', at))
    UPDATE trips_tripmeasurement m SET is_stale = true FROM late
    WHERE NOT m.is_stale AND m.computed_at < late.received + %(within)s
      AND m.ended_at >= late.first AND m.began_at <= late.last
      AND (m.trip_id = late.trip_id OR EXISTS (
          SELECT FROM trips_assignment a
          WHERE a.trip_id = m.trip_id AND a.vehicle_id = late.vehicle_id))"""


def mark_stale() -> int:
    """Mark measured trips for which positions arrived since the last look; how many."""
    now = timezone.now()
    with transaction.atomic():
        mark, _ = LateDataMark.objects.select_for_update().get_or_create(
            pk=1, defaults={"received_up_to": now - FIRST_LOOK}
        )
        parameters: dict[str, Any] = {
            "from": mark.received_up_to - COMMIT_WITHIN,
            "to": now,
            "verdicts": [Verdict.KEPT.value, Verdict.LATE.value],
            "within": COMMIT_WITHIN,
        }
        with connection.cursor() as cursor:
            cursor.execute(_MARK, parameters)
            marked: int = cursor.rowcount
        mark.received_up_to = now
        mark.save()
    return marked


def measure_stale() -> int:
    """Measure again what is marked, each trip in a transaction of its own; how many."""
    stale = TripMeasurement.objects.filter(is_stale=True).order_by("trip_id")
    trips = list(stale.values_list("trip_id", flat=True)[:MOST_AT_ONCE])
    return sum(_measured(trip_id) for trip_id in trips)


def _measured(trip_id: int) -> bool:
    try:
        measure(trip_id)
    except Exception:
        # It stays marked; the others do not wait for it.
        logger.exception("trip %d could not be measured", trip_id)
        return False
    return True
