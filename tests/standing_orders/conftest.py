"""Pia's dialysis, three times a week, as an order that tests agree on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.api.conftest import as_user  # noqa: F401
from tests.cast import DROPOFF, PICKUP, Cast
from tests.held_broker import held_broker  # noqa: F401
from trips.models import StandingOrder, Trip
from trips.standing_orders import services
from trips.standing_orders.plans import Reach

Post = Callable[..., Any]


def body(cast: Cast, **fields: Any) -> dict[str, Any]:
    """A new order as the API takes it: every day from tomorrow, back by will-call."""
    return {
        "patient_id": cast.patient.pk,
        "facility_id": cast.facility.pk,
        "mobility": "wheelchair",
        "needs": ["oxygen"],
        "pickup": {"address": "Götgatan 12", "latitude": PICKUP[0], "longitude": PICKUP[1]},
        "dropoff": {"address": "Dialysis", "latitude": DROPOFF[0], "longitude": DROPOFF[1]},
        "rule": "FREQ=DAILY",
        "first_day": tomorrow().isoformat(),
        "pickup_time": "08:00",
        "appointment_time": "09:00",
        "return_kind": "will_call",
        **fields,
    }


def model_fields(cast: Cast, **fields: Any) -> dict[str, Any]:
    """The same as the services take it."""
    return {
        "patient": cast.patient,
        "facility": cast.facility,
        "pickup_address": "Götgatan 12",
        "pickup_latitude": PICKUP[0],
        "pickup_longitude": PICKUP[1],
        "dropoff_address": "Dialysis",
        "dropoff_latitude": DROPOFF[0],
        "dropoff_longitude": DROPOFF[1],
        "rule": "FREQ=DAILY",
        "first_day": tomorrow(),
        "pickup_time": time(8),
        "return_kind": "will_call",
        **fields,
    }


def agree(cast: Cast, **fields: Any) -> StandingOrder:
    """Dina agrees to an order; its trips are made."""
    return services.create(user=cast.dina, fields=model_fields(cast, **fields)).order


def tomorrow(ahead: int = 1) -> date:
    """So many days ahead of today, where the company is."""
    return Reach.of(timezone.now()).today + timedelta(days=ahead)


def local(moment: datetime | None) -> str:
    """A moment as the company's clock shows it."""
    assert moment is not None
    return moment.astimezone(Reach.of(moment).zone).strftime("%Y-%m-%d %H:%M")


def story() -> list[tuple[str, str, str]]:
    """Every trip that is not cancelled: day, leg, status."""
    trips = Trip.objects.exclude(status="cancelled").order_by("service_date", "leg")
    return [(str(day), leg, status) for day, leg, status in trips.values_list(
        "service_date", "leg", "status"
    )]  # fmt: skip


@pytest.fixture
def dina(cast: Cast, as_user: Callable[[Any], APIClient]) -> Post:  # noqa: F811
    """What Dina posts below /api/standing-orders/: (status, body)."""

    def post(path: str = "", **fields: Any) -> tuple[int, Any]:
        answer = as_user(cast.dina).post(f"/api/standing-orders/{path}", fields)
        return answer.status_code, answer.json()

    return post
