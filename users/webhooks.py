"""What facilities' systems are told of their trips: signed, retried, visible.

At least once: the receiver knows a repeated delivery by its number. Payloads are ids, times and
states. A claim is a due time in the future, so a worker that dies costs a pause.
"""

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from config.publish import publish
from trips.models import TripEvent
from users import outbound, signatures
from users.models import WebhookDelivery, WebhookEndpoint

logger = logging.getLogger(__name__)

#: What an endpoint may hear of.
TOPICS = (
    "trip.scheduled",
    "trip.rejected",
    "trip.ready",
    "trip.assigned",
    "trip.unassigned",
    "trip.declined",
    "trip.en_route_pickup",
    "trip.arrived_pickup",
    "trip.picked_up",
    "trip.arrived_dropoff",
    "trip.completed",
    "trip.cancelled",
    "trip.no_show",
    "trip.missed",
    "trip.transferred",
    "trip.changed",
    "trip.undone",
)
#: Attempts, over about a day: 30 s, 2 min, 8 min, 32 min, 2 h, 6 h, 6 h, 6 h.
MOST_ATTEMPTS = 9
LONGEST_PAUSE = timedelta(hours=6)
#: Deliveries given up in a row after which an endpoint is switched off.
MOST_FAILURES = 10
LEASE = timedelta(seconds=60)
SWEEP_AFTER = timedelta(seconds=10)
SWEEP_SIZE = 100

State = WebhookDelivery.State


def queue(event: TripEvent) -> int:
    """Owe this event to the endpoints of the trip's facility, once each; how many."""
    facility_id = event.trip.facility_id
    if facility_id is None or event.event not in TOPICS:
        return 0
    endpoints = WebhookEndpoint.objects.filter(facility=facility_id, is_active=True)
    told = [one for one in endpoints.order_by("pk") if not one.topics or event.event in one.topics]
    new = 0
    for endpoint in told:
        row, created = WebhookDelivery.objects.get_or_create(
            endpoint=endpoint,
            topic=event.event,
            subject_id=event.pk,
            defaults={"payload": payload(event), "due_at": timezone.now() + SWEEP_AFTER},
        )
        if created:
            new += 1
            transaction.on_commit(partial(_kick, row.pk, 0))
    return new


def _kick(delivery_id: int, attempts: int) -> None:
    # The attempt's number: a message that comes twice, or late, finds another one in the row.
    publish("users.tasks.deliver_webhook", delivery_id, attempts)


def payload(event: TripEvent) -> dict[str, Any]:
    """An event for a stranger's system: ids, times and states of what they booked."""
    return {
        "event_id": event.pk,
        "type": event.event,
        "trip_id": event.trip_id,
        "external_id": event.trip.external_id,
        "version": event.version,
        "status": event.status,
        "occurred_at": _utc(event.occurred_at),
        "recorded_at": _utc(event.recorded_at),
    }


def _utc(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def deliver(delivery_id: int, attempts: int) -> str:
    """Attempt a delivery that had so many before; its state, or "nothing to do" where it had not.

    Counted before the call: one that kills its worker is counted too.
    """
    claimed = WebhookDelivery.objects.filter(pk=delivery_id, state=State.QUEUED, attempts=attempts)
    if not claimed.update(attempts=attempts + 1, due_at=timezone.now() + LEASE):
        return "nothing to do"
    row = WebhookDelivery.objects.select_related("endpoint").get(pk=delivery_id)
    if row.endpoint.is_active:
        row.response_code, row.error = _attempt(row)
    else:
        row.response_code, row.error = None, "endpoint switched off"
    _conclude(row)
    return row.state


def _attempt(row: WebhookDelivery) -> tuple[int | None, str]:
    """(status answered, error); a 2xx alone is a success."""
    body = json.dumps(row.payload, separators=(",", ":"), sort_keys=True).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "atw-webhooks",
        "ATW-Delivery": str(row.pk),
        "ATW-Signature": signatures.sign(
            row.endpoint.secret, body, int(timezone.now().timestamp())
        ),
    }
    try:
        code = outbound.post(row.endpoint.url, body, headers, private=settings.WEBHOOKS_PRIVATE)
    except outbound.Forbidden:
        return None, "address not allowed"
    except outbound.Unreachable as exc:
        return None, str(exc)[:64]
    return code, "" if 200 <= code < 300 else "not taken"


def _conclude(row: WebhookDelivery) -> None:
    now = timezone.now()
    row.due_at = now + min(timedelta(seconds=30) * 4 ** (row.attempts - 1), LONGEST_PAUSE)
    if not row.error:
        row.state, row.delivered_at = State.DELIVERED, now
    elif row.attempts >= MOST_ATTEMPTS or not row.endpoint.is_active:
        row.state = State.FAILED
    endpoint = WebhookEndpoint.objects.filter(pk=row.endpoint_id)
    with transaction.atomic():
        row.save(update_fields=["state", "due_at", "response_code", "error", "delivered_at"])
        if row.state == State.DELIVERED:
            endpoint.exclude(failures=0).update(failures=0)
        elif row.state == State.FAILED:
            endpoint.update(failures=F("failures") + 1)
            off = endpoint.filter(failures__gte=MOST_FAILURES, is_active=True)
            if off.update(is_active=False, disabled_at=now):
                logger.warning("webhook %d is switched off: it fails", row.endpoint_id)


def sweep() -> int:
    """Queue again what is due, give up what killed its worker too often; how many were due."""
    now = timezone.now()
    queued = WebhookDelivery.objects.filter(state=State.QUEUED, due_at__lte=now)
    queued.filter(attempts__gte=MOST_ATTEMPTS).update(state=State.FAILED, error="worker died")
    due = list(queued.order_by("due_at").values_list("pk", "attempts")[:SWEEP_SIZE])
    queued.filter(pk__in=[pk for pk, _ in due]).update(due_at=now + LEASE)
    for pk, attempts in due:
        _kick(pk, attempts)
    return len(due)


def deliver_again(pks: Iterable[int]) -> int:
    """Queue deliveries that were given up; how many."""
    given_up = WebhookDelivery.objects.filter(pk__in=pks, state=State.FAILED)
    with transaction.atomic():
        rows = list(given_up.select_for_update().order_by("pk").values_list("pk", flat=True))
        WebhookDelivery.objects.filter(pk__in=rows).update(
            state=State.QUEUED, attempts=0, due_at=timezone.now() + SWEEP_AFTER
        )
        for pk in rows:
            transaction.on_commit(partial(_kick, pk, 0))
    return len(rows)
