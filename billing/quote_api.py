"""`/api/rates/quote/`: what a trip will cost, before it is driven."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.evidence import ATTENDANT, OUTCOMES
from billing.pricing import NotPriced, Priced, price_plan, price_trip, rate_payer_id
from billing.rates import Line
from config.problems import Unprocessable
from trips import access
from trips.lifecycle import Status
from trips.models import Company, Patient, Payer, Trip
from trips.task_api import EARLIEST, LATEST
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission

Fields = dict[str, Any]
#: Farther than any vehicle drives in a day.
MOST_M = 2_000_000


class MayQuote(BasePermission):
    """403 for drivers: who books or bills asks for prices."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        wanted = (Permission.BOOK_TRIPS, Permission.SEE_INVOICES)
        return isinstance(user, User) and any(map(user.may, wanted))


class PointSerializer(StrictSerializer):
    """A place by its point."""

    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)


class QuoteSerializer(StrictSerializer):
    """A trip by its number, or what is known of one: `distance_m`, or both of its stops."""

    trip = serializers.IntegerField(required=False, min_value=1, max_value=2**62)
    payer = serializers.PrimaryKeyRelatedField(
        queryset=Payer.objects.all(), required=False, allow_null=True
    )
    mobility = serializers.ChoiceField(choices=Trip.Mobility.choices, required=False)
    scheduled_at = serializers.DateTimeField(required=False)
    pickup = PointSerializer(required=False)
    dropoff = PointSerializer(required=False)
    distance_m = serializers.FloatField(required=False, min_value=0, max_value=MOST_M)
    wait_minutes = serializers.IntegerField(default=0, min_value=0, max_value=1_440)
    escorts = serializers.IntegerField(default=0, min_value=0, max_value=9)
    attendant = serializers.BooleanField(default=False)
    tolls_cents = serializers.IntegerField(default=0, min_value=0, max_value=1_000_000)

    def to_internal_value(self, data: Any) -> Any:
        named = isinstance(data, dict) and data.get("payer") is not None
        if named and not self.context["request"].user.may(Permission.SEE_ALL_TRIPS):
            # Before it is looked up: who asks learns of no payer whether there is one.
            raise serializers.ValidationError({"payer": ["A payer's prices are not for you."]})
        return super().to_internal_value(data)

    def validate_scheduled_at(self, at: datetime) -> datetime:
        if not EARLIEST <= at.date() <= LATEST:
            raise serializers.ValidationError(f"A day from {EARLIEST} to {LATEST}.")
        return at

    def validate(self, attrs: Fields) -> Fields:
        given = set(self.initial_data) - {"trip", "wait_minutes"}
        if "trip" in attrs:
            if given:
                names = dict.fromkeys(sorted(given), "The trip says it.")
                raise serializers.ValidationError(names)
            return attrs
        if "mobility" not in attrs:
            raise serializers.ValidationError({"mobility": "Required without a trip."})
        if "distance_m" not in attrs and not {"pickup", "dropoff"} <= set(attrs):
            raise serializers.ValidationError({"distance_m": "This, or `pickup` and `dropoff`."})
        return attrs


class QuoteLineSerializer(serializers.Serializer[Line]):
    """One charge, with its rule and what it rests on."""

    code = serializers.CharField()
    modifiers = serializers.ListField(child=serializers.CharField())
    description = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=9, decimal_places=2)
    unit = serializers.CharField()
    unit_cents = serializers.IntegerField()
    amount_cents = serializers.IntegerField()
    rule = serializers.CharField()
    evidence = serializers.DictField()


class QuoteAnswerSerializer(serializers.Serializer[Any]):
    """A price without tax, and what was assumed for it. `rate` is empty where a payer pays."""

    rate = serializers.IntegerField(allow_null=True)
    currency = serializers.CharField()
    lines = QuoteLineSerializer(many=True)
    total_cents = serializers.IntegerField()
    copay_cents = serializers.IntegerField()
    assumptions = serializers.ListField(child=serializers.CharField())


class QuoteView(APIView):
    """Prices for who books or bills. What a payer has agreed on is for our own people."""

    permission_classes = [MayQuote]

    @extend_schema(request=QuoteSerializer, responses=QuoteAnswerSerializer)
    def post(self, request: Request) -> Response:
        """The price of a planned trip; of one that has ended, of what was driven."""
        user = request.user
        if not isinstance(user, User):
            raise exceptions.NotAuthenticated
        parsed = QuoteSerializer(data=request.data, context={"request": request})
        parsed.is_valid(raise_exception=True)
        asked: Fields = parsed.validated_data
        trip = _trip(user, asked)
        if Status(trip.status) in OUTCOMES and "wait_minutes" in parsed.initial_data:
            raise serializers.ValidationError({"wait_minutes": "It has ended: they are known."})
        if rate_payer_id(trip) is not None and not user.may(Permission.SEE_ALL_TRIPS):
            return Response(_of_payer(trip))
        try:
            priced = _price(trip, asked)
        except NotPriced as exc:
            raise Unprocessable(f"{exc}.".capitalize()) from None
        return Response(_answer(trip, priced, _assumptions(trip, priced, asked)))


def _trip(user: User, asked: Fields) -> Trip:
    if "trip" not in asked:
        return _sketch(asked)
    visible = access.visible_trips(user).select_related("patient", "facility")
    trip = visible.filter(pk=asked["trip"]).distinct().first()
    if trip is None:
        raise exceptions.NotFound
    return trip


def _sketch(asked: Fields) -> Trip:
    """An unsaved trip of nobody in particular."""
    here = {"latitude": 0.0, "longitude": 0.0}
    stops = {"pickup": asked.get("pickup", here), "dropoff": asked.get("dropoff", here)}
    points = {f"{end}_{name}": stop[name] for end, stop in stops.items() for name in here}
    return Trip(
        status=Status.REQUESTED.value,
        patient=Patient(),
        payer=asked.get("payer"),
        mobility=asked["mobility"],
        scheduled_at=asked.get("scheduled_at", timezone.now()),
        needs=[ATTENDANT] if asked["attendant"] else [],
        escorts=asked["escorts"],
        tolls_cents=asked["tolls_cents"],
        **points,
    )


def _price(trip: Trip, asked: Fields) -> Priced:
    if Status(trip.status) in OUTCOMES:
        return price_trip(trip)
    return price_plan(trip, wait_minutes=asked["wait_minutes"], distance_m=asked.get("distance_m"))


def _assumptions(trip: Trip, priced: Priced, asked: Fields) -> list[str]:
    if Status(trip.status) in OUTCOMES:
        return []
    found = [f"Miles: {priced.facts.distance_source}.", f"Waiting: {asked['wait_minutes']} min."]
    if trip.scheduled_at is None or ("trip" not in asked and "scheduled_at" not in asked):
        found.append("No time is agreed: the price of now.")
    return [*found, "Nobody else rides along.", "Without tax."]


def _answer(trip: Trip, priced: Priced, assumptions: list[str]) -> Fields:
    answer = {
        "rate": priced.rate.pk,
        "currency": Company.get().currency,
        "lines": priced.lines,
        "total_cents": priced.total_cents,
        "copay_cents": min(trip.copay_cents, priced.total_cents),
        "assumptions": assumptions,
    }
    return dict(QuoteAnswerSerializer(answer).data)


def _of_payer(trip: Trip) -> Fields:
    """To who orders or rides: not what the payer pays, only what is left to the patient."""
    answer = {
        "rate": None,
        "currency": Company.get().currency,
        "lines": [],
        "total_cents": trip.copay_cents,
        "copay_cents": trip.copay_cents,
        "assumptions": ["A payer pays for it; this is the patient's own part."],
    }
    return dict(QuoteAnswerSerializer(answer).data)
