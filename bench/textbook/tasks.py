"""The tasks, all on Celery's one default queue."""

from typing import Any

from asgiref.sync import async_to_sync
from celery import shared_task
from channels.layers import get_channel_layer
from django.core.mail import send_mail


def _send(groups: list[str], message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    for group in groups:
        async_to_sync(layer.group_send)(group, message)


@shared_task
def broadcast_gps_update(
    trip_id: int,
    latitude: float,
    longitude: float,
    speed: float | None = None,
    heading: float | None = None,
) -> str:
    """Push a position to the trip's group and to the dispatchers'."""
    message = {
        "type": "gps_update",
        "trip_id": trip_id,
        "latitude": latitude,
        "longitude": longitude,
        "speed": speed,
        "heading": heading,
    }
    _send([f"trip_{trip_id}", "dispatch"], message)
    return f"GPS update broadcast for trip {trip_id}"


@shared_task
def broadcast_trip_status(trip_id: int, status: str) -> str:
    """Push a status to the trip's group and to the dispatchers'."""
    message = {"type": "trip_event", "trip_id": trip_id, "status": status}
    _send([f"trip_{trip_id}", "dispatch"], message)
    return f"status of trip {trip_id}: {status}"


@shared_task
def send_notification(address: str, message: str) -> None:
    """Send one mail."""
    send_mail("ATW", message, "dispatch@atw.invalid", [address])
