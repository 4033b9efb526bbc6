"""`/api/preferences/`: what one wants to hear, through which channel, and when not."""

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from users import preferences
from users.api import StrictSerializer
from users.models import User, check_time_zone


@extend_schema_field(
    {
        "type": "string",
        "pattern": r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$",
        "examples": ["22:00"],
    }
)
class LocalTimeField(serializers.TimeField):
    """A time by the person's own clock: `HH:MM`; seconds may follow."""


class PreferencesSerializer(StrictSerializer):
    """`kinds` is {kind: {channel: wanted}}; a PUT may name some only. Quiet hours are local."""

    kinds = serializers.DictField(
        child=serializers.DictField(child=serializers.BooleanField()), required=False
    )
    quiet_from = LocalTimeField(required=False, allow_null=True)
    quiet_until = LocalTimeField(required=False, allow_null=True)
    time_zone = serializers.CharField(max_length=64, required=False, allow_blank=True)
    push_target = serializers.RegexField(
        r"\A[\w.~:@+-]+\Z", max_length=128, required=False, allow_blank=True
    )

    def validate_time_zone(self, value: str) -> str:
        if value:
            check_time_zone(value)
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        hours = [attrs.get(name) for name in ("quiet_from", "quiet_until")]
        named = {"quiet_from", "quiet_until"} & attrs.keys()
        if len(named) == 1 or hours.count(None) == 1:
            raise serializers.ValidationError("`quiet_from` and `quiet_until` come together.")
        return attrs


class PreferencesView(APIView):
    """One's own preferences. Kinds that are not listed are always sent."""

    @extend_schema(responses=PreferencesSerializer)
    def get(self, request: Request) -> Response:
        return Response(_shown(_person(request)))

    @extend_schema(request=PreferencesSerializer, responses=PreferencesSerializer)
    def put(self, request: Request) -> Response:
        wanted = PreferencesSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        user, fields = _person(request), dict(wanted.validated_data)
        kinds = fields.pop("kinds", {})
        with transaction.atomic():
            try:
                preferences.choose(user, kinds)
            except KeyError as exc:
                detail = f"There is no choice of {exc.args[0]}."
                raise serializers.ValidationError({"kinds": detail}) from None
            if fields:
                User.objects.filter(pk=user.pk).update(**fields)
        return Response(_shown(User.objects.get(pk=user.pk)))


def _person(request: Request) -> User:
    user = request.user
    if not isinstance(user, User):
        raise TypeError("only people have preferences")
    return user


def _shown(user: User) -> dict[str, Any]:
    return {
        "kinds": preferences.choices_of(user),
        "quiet_from": user.quiet_from,
        "quiet_until": user.quiet_until,
        "time_zone": user.time_zone,
        "push_target": user.push_target,
    }
