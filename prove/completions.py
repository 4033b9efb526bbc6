"""Trips that have only to be completed: how they came so far is other rows' business."""

from __future__ import annotations

from django.utils import timezone

from tests.cast import Cast
from trips.models import Patient, Trip


def at_the_door(cast: Cast, count: int, email: str = "") -> list[Trip]:
    """`count` trips of one patient, who pays; Omar and his van stand at the clinic with each."""
    patient = Patient.objects.create(name="Quinn Ek", email=email)
    trips = [cast.book(patient=patient) for _ in range(count)]
    now = timezone.now()
    Trip.objects.filter(pk__in=[trip.pk for trip in trips]).update(
        status="arrived_dropoff",
        driver=cast.driver,
        vehicle=cast.van,
        arrived_pickup_at=now,
        picked_up_at=now,
        dropped_off_at=now,
        state_since=now,
    )
    return trips
