"""How the HTTP API answers a trip, and in which problem each refusal of a service ends."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from django.utils import timezone
from rest_framework import exceptions

from config.problems import Conflict, Unprocessable
from config.spoken import spoken
from trips import guards, queries
from trips.dispatch.matching import Refusal
from trips.models import Trip
from trips.realtime.projections import trip_for
from trips.taps import Forbidden, InvalidTap, Refused, ReusedClientEventId, TripNotFound
from users.models import User


def trip_json(trip: Trip, user: User) -> dict[str, Any]:
    """A trip as the API answers it to `user`."""
    answer: dict[str, Any] = msgspec.to_builtins(trip_for(trip, user))
    return answer


@contextmanager
def problems(trip_id: int, user: User) -> Iterator[None]:
    """What the services raise, as problems; a 409 shows the trip as it is now."""
    try:
        yield
    except TripNotFound:
        raise exceptions.NotFound from None
    except Forbidden:
        raise exceptions.PermissionDenied from None
    except InvalidTap as exc:
        raise exceptions.ValidationError({exc.field: [spoken(str(exc))]}) from None
    except ReusedClientEventId:
        raise Unprocessable("This client_event_id came before with another body.") from None
    except Refused as exc:
        current = queries.with_related(Trip.objects.filter(pk=trip_id)).get()
        why = {"refusals": refusals_json(exc.refusals)} if exc.refusals else {}
        raise Conflict(str(exc), trip=trip_json(current, user), **why) from None


def refusals_json(refusals: Iterable[Refusal]) -> list[dict[str, str]]:
    """Reasons one by one, their sentences in the reader's language."""
    return [{"code": one.code, "text": spoken(one.text)} for one in refusals]


def check_times(scheduled_at: datetime | None, appointment_at: datetime | None) -> None:
    """ValidationError where a booking's times do not fit."""
    try:
        guards.check_times(scheduled_at, appointment_at, timezone.now())
    except InvalidTap as exc:
        raise exceptions.ValidationError({exc.field: [str(exc)]}) from None
