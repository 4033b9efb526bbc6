"""What `/api/standing-orders/…` answers."""

from collections import defaultdict
from datetime import date
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from trips.change_api import PlaceSerializer
from trips.dispatch.standing_orders import Plan, days_of, describe, held_back, occurrence
from trips.models import (
    StandingOrder,
    StandingOrderEvent,
    StandingOrderPause,
    StandingOrderSkip,
    Trip,
)
from trips.standing_order_serializers import ClockField
from trips.standing_orders.checks import LOOK_AHEAD, check
from trips.standing_orders.materialise import of_series
from trips.standing_orders.plans import Reach, State, plan_of, rhythm_of, state_of
from trips.standing_orders.services import Outcome

Json = dict[str, Any]


class OrderPartySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class OrderSkipView(serializers.ModelSerializer[StandingOrderSkip]):
    class Meta:
        model = StandingOrderSkip
        fields = ["day", "reason"]


class OrderPauseView(serializers.ModelSerializer[StandingOrderPause]):
    class Meta:
        model = StandingOrderPause
        fields = ["first_day", "last_day", "reason"]


@extend_schema_serializer(component_name="StandingOrder")
class OrderView(serializers.ModelSerializer[StandingOrder]):
    """A standing order; `words` is it read aloud, `series` the first order of its line."""

    state = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()
    series = serializers.IntegerField(source="root_id")
    patient = OrderPartySerializer()
    facility = OrderPartySerializer(allow_null=True)
    payer = OrderPartySerializer(allow_null=True)
    pickup = serializers.SerializerMethodField()
    dropoff = serializers.SerializerMethodField()
    pickup_time = ClockField()
    appointment_time = ClockField(allow_null=True)
    return_time = ClockField(allow_null=True)
    needs = serializers.ListField(child=serializers.CharField())
    skips = OrderSkipView(many=True)
    pauses = OrderPauseView(many=True)

    class Meta:
        model = StandingOrder
        fields = [
            "id",
            "version",
            "state",
            "words",
            "series",
            "rule",
            "first_day",
            "last_day",
            "pickup_time",
            "appointment_time",
            "return_kind",
            "return_time",
            "except_holidays",
            "skips",
            "pauses",
            "materialised_until",
            "patient",
            "facility",
            "payer",
            "bill_to",
            "copay_cents",
            "authorization_number",
            "mobility",
            "needs",
            "escorts",
            "notes",
            "window_minutes",
            "pickup",
            "dropoff",
        ]

    @extend_schema_field(serializers.ChoiceField([state.value for state in State]))
    def get_state(self, order: StandingOrder) -> str:
        return state_of(order, self._today).value

    @cached_property
    def _today(self) -> date:
        # Of the serializer that a page of orders shares.
        return Reach.of(timezone.now()).today

    def get_words(self, order: StandingOrder) -> str:
        return describe(rhythm_of(order))

    @extend_schema_field(PlaceSerializer)
    def get_pickup(self, order: StandingOrder) -> Json:
        return _place(order, "pickup")

    @extend_schema_field(PlaceSerializer)
    def get_dropoff(self, order: StandingOrder) -> Json:
        return _place(order, "dropoff")


def _place(order: StandingOrder, end: str) -> Json:
    return {name: getattr(order, f"{end}_{name}") for name in ("address", "latitude", "longitude")}


class LeftTripSerializer(serializers.ModelSerializer[Trip]):
    trip_id = serializers.IntegerField(source="pk")

    class Meta:
        model = Trip
        fields = ["trip_id", "service_date", "leg", "status"]


class OrderTripsSerializer(serializers.Serializer[Any]):
    """`made`: how many; `withdrawn`: the cancelled; `left`: touched by somebody, to be decided."""

    made = serializers.IntegerField()
    withdrawn = serializers.ListField(child=serializers.IntegerField())
    left = LeftTripSerializer(many=True)


class OrderOutcomeSerializer(serializers.Serializer[Any]):
    order = OrderView()
    trips = OrderTripsSerializer()


def outcome_json(outcome: Outcome) -> Json:
    """The order as it is now, and what became of its trips."""
    answer: Json = OrderOutcomeSerializer(
        {
            "order": outcome.order,
            "trips": {
                "made": outcome.made,
                "withdrawn": outcome.withdrawn,
                "left": outcome.left,
            },
        },
    ).data
    return answer


class OrderEventSerializer(serializers.ModelSerializer[StandingOrderEvent]):
    """One change; `data` has days, numbers and names of fields."""

    actor = serializers.SerializerMethodField()

    class Meta:
        model = StandingOrderEvent
        fields = ["version", "kind", "at", "actor", "data"]

    @extend_schema_field(OrderPartySerializer)
    def get_actor(self, event: StandingOrderEvent) -> Json:
        return {"id": event.actor_id, "name": event.actor.display_name}


class OrderPreviewDaySerializer(serializers.Serializer[Any]):
    """`held_back`: skipped, paused, holiday, or empty; `trips`: those that are made already."""

    day = serializers.DateField()
    held_back = serializers.CharField()
    pickup_at = serializers.DateTimeField()
    appointment_at = serializers.DateTimeField(allow_null=True)
    return_at = serializers.DateTimeField(allow_null=True)
    trips = serializers.ListField(child=serializers.IntegerField())


class OrderPreviewSerializer(serializers.Serializer[Any]):
    words = serializers.CharField()
    time_zone = serializers.CharField()
    days = OrderPreviewDaySerializer(many=True)


def draft(fields: Json) -> StandingOrder:
    """An unsaved order of `fields`; InvalidOrder as for a new one."""
    order = StandingOrder(**fields)
    order.anchor_day = order.first_day
    check(order)
    return order


def preview_json(order: StandingOrder, count: int) -> Json:
    """The next `count` days of the rule, those that are held back with the reason."""
    plan, reach = plan_of(order), Reach.of(timezone.now())
    begin = max(reach.today, plan.first_day)
    days = days_of(plan, begin, begin + LOOK_AHEAD)[:count]
    made = _trips_on(order, days)
    shown = [
        {**_moments(plan, reach.zone, day), "held_back": held_back(plan, day), "trips": made[day]}
        for day in days
    ]
    answer: Json = OrderPreviewSerializer(
        {"words": describe(plan), "time_zone": reach.zone.key, "days": shown}
    ).data
    return answer


def _moments(plan: Plan, zone: ZoneInfo, day: date) -> Json:
    found = occurrence(plan, zone, day)
    return {
        "day": day,
        "pickup_at": found.pickup_at,
        "appointment_at": found.appointment_at,
        "return_at": found.return_at,
    }


def _trips_on(order: StandingOrder, days: list[date]) -> dict[date, list[int]]:
    made: dict[date, list[int]] = defaultdict(list)
    if order.pk is not None and days:
        trips = Trip.objects.filter(of_series(order), service_date__range=(days[0], days[-1]))
        for day, pk in trips.order_by("pk").values_list("service_date", "pk"):
            if day is not None:
                made[day].append(pk)
    return made
