"""What the page's probe taps and drives: trips of its own, and a van with a tracker."""

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from trips import services
from trips.demo.secrets import device_token_for
from trips.lifecycle import Status
from trips.models import Device, GpsFix, Patient, Trip, TripEvent, Vehicle
from users.auth import hash_token
from users.models import User

NAME = "Probe"
TRIPS = 3
#: Far enough away that no timer gives them up, near enough to be on every board.
AHEAD = timedelta(hours=6)
STILL_GOOD = timedelta(hours=3)
#: Where the van goes round when the company has no trip yet.
CENTRE = (57.7000, 11.9700)


def prepare(user: User) -> dict[str, Any]:
    """`{vehicle, token, centre, trips: [{id, version, status}]}`, made where they are missing."""
    with transaction.atomic():
        # One at a time: two pages that open together share the same patient and trips.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('trips.chaos.probe'))")
        nobodys = Patient.objects.filter(name=NAME, email="", user=None).order_by("pk")
        patient = nobodys.first() or Patient.objects.create(name=NAME)
        centre = _centre()
        trips = _waiting(patient)
        for _n in range(TRIPS - len(trips)):
            trips.append(services.book_trip(user=user, fields=_booking(patient, centre)))
        vehicle = _van()
    return {
        "vehicle": vehicle.pk,
        "token": device_token_for(NAME),
        "centre": centre,
        "trips": [{"id": one.pk, "version": one.version, "status": one.status} for one in trips],
    }


def kept(run: str) -> dict[str, Any]:
    """What PostgreSQL holds: `{fixes}` of a page's run, `{events: {trip: n}}` of its trips."""
    fixes = GpsFix.objects.filter(
        device__vehicle__name=NAME,
        recorded_at__gte=timezone.now() - timedelta(days=1),
        client_id__startswith=f"{run}-",
    )
    events = TripEvent.objects.filter(trip__patient__name=NAME, trip__status__in=_OURS)
    counted = events.values_list("trip_id").annotate(n=Count("pk")).order_by()
    return {"fixes": fixes.count(), "events": {str(trip): n for trip, n in counted}}


_OURS = (Status.REQUESTED.value, Status.SCHEDULED.value)


def _waiting(patient: Patient) -> list[Trip]:
    soon = timezone.now() + STILL_GOOD
    mine = Trip.objects.filter(patient=patient, status__in=_OURS, scheduled_at__gte=soon)
    return list(mine.order_by("pk")[:TRIPS])


def _van() -> Vehicle:
    vehicle, _ = Vehicle.objects.get_or_create(name=NAME, defaults={"capacities": [{"amb": 1}]})
    digest = hash_token(device_token_for(NAME))
    Device.objects.update_or_create(
        vehicle=vehicle, name="tracker", defaults={"token_digest": digest}
    )
    return vehicle


def _centre() -> tuple[float, float]:
    first = Trip.objects.order_by("pk").values_list("pickup_latitude", "pickup_longitude").first()
    return first or CENTRE


def _booking(patient: Patient, centre: tuple[float, float]) -> dict[str, Any]:
    latitude, longitude = centre
    return {
        "patient": patient,
        "scheduled_at": timezone.now() + AHEAD,
        "pickup_address": "Probe",
        "pickup_latitude": latitude,
        "pickup_longitude": longitude,
        "dropoff_address": "Probe",
        "dropoff_latitude": latitude + 0.01,
        "dropoff_longitude": longitude,
    }
