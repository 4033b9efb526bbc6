"""Taps over HTTP: one, or what a phone without coverage has gathered."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from trips import services
from trips.answers import problems, trip_json
from trips.lifecycle import Action
from users.api import StrictSerializer
from users.models import User


class TapSerializer(StrictSerializer):
    """One tap, as in WIRE §1."""

    action = serializers.ChoiceField(choices=[action.value for action in Action])
    client_event_id = serializers.CharField(max_length=64, required=False)
    occurred_at = serializers.DateTimeField(required=False)
    expected_version = serializers.IntegerField(min_value=0, required=False)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    odometer = serializers.DecimalField(max_digits=9, decimal_places=1, min_value=0, required=False)
    driver_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    vehicle_id = serializers.IntegerField(min_value=1, max_value=2**62, required=False)
    scheduled_at = serializers.DateTimeField(required=False)
    kind = serializers.CharField(max_length=16, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("latitude" in attrs) != ("longitude" in attrs):
            raise serializers.ValidationError("`latitude` and `longitude` come together.")
        return attrs


def tap(trip_id: int, user: User, item: object) -> dict[str, Any]:
    """The trip after one tap, as JSON. Raises what the API answers instead."""
    return _answer(trip_id, user, _parse(item))


def taps(
    trip_id: int,
    user: User,
    items: list[object],
    problem: Callable[[exceptions.APIException], Response],
) -> list[dict[str, Any]]:
    """A list of {status, body}: done in the order of `occurred_at`, answered as they came."""
    now = timezone.now()
    answers: dict[int, dict[str, Any]] = {}
    parsed: list[tuple[datetime, int, services.Tap]] = []
    for n, item in enumerate(items):
        try:
            one = _parse(item)
        except exceptions.APIException as exc:
            answers[n] = _refusal(problem(exc))
        else:
            parsed.append((min(one.occurred_at or now, now), n, one))
    for _, n, one in sorted(parsed, key=lambda row: row[:2]):
        try:
            answers[n] = {"status": 200, "body": _answer(trip_id, user, one)}
        except exceptions.APIException as exc:
            answers[n] = _refusal(problem(exc))
    return [answers[n] for n in range(len(items))]


def _refusal(response: Response) -> dict[str, Any]:
    return {"status": response.status_code, "body": response.data}


def _parse(item: object) -> services.Tap:
    parsed = TapSerializer(data=item)
    parsed.is_valid(raise_exception=True)
    fields: dict[str, Any] = parsed.validated_data
    return services.Tap(**{**fields, "action": Action(fields["action"])})


def _answer(trip_id: int, user: User, one: services.Tap) -> dict[str, Any]:
    with problems(trip_id, user):
        answer: dict[str, Any] = services.answer_tap(
            trip_id=trip_id, user=user, tap=one, render=lambda trip: trip_json(trip, user)
        )
    return answer
