"""What `POST /api/trips/` takes: a new trip, and its leg back where one is asked for."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from rest_framework import exceptions, serializers

from config.problems import Unprocessable
from trips import access, once
from trips.answers import check_times, trip_json
from trips.booking import book_trips
from trips.events.log import recording
from trips.intake.manifest import LONGEST_STAY
from trips.lifecycle import Status
from trips.models import StandingOrder, Trip
from trips.ride_serializer import RideSerializer
from trips.taps import ReusedClientEventId
from users.models import User

Fields = dict[str, Any]
ReturnKind = StandingOrder.ReturnKind
#: What only a dispatcher says of a new trip.
_DISPATCHERS = ("bill_to", "copay_cents", "authorization_number", "accept")


class BookingSerializer(RideSerializer):
    """A new trip."""

    return_of = serializers.PrimaryKeyRelatedField(
        queryset=Trip.objects.none(), required=False, allow_null=True
    )
    scheduled_at = serializers.DateTimeField(required=False, allow_null=True)
    appointment_at = serializers.DateTimeField(required=False, allow_null=True)
    wait_and_return = serializers.BooleanField(default=False)
    will_call = serializers.BooleanField(
        default=False, help_text="Park a return leg without a time. Dispatchers only."
    )
    return_kind = serializers.ChoiceField(
        choices=ReturnKind.choices,
        default=ReturnKind.NONE,
        help_text="Books the leg back with it. `will_call`: dispatchers only.",
    )
    return_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="The pick-up of a timed return."
    )
    bill_to = serializers.ChoiceField(
        choices=Trip.BillTo.choices, allow_blank=True, required=False, help_text="Dispatchers only."
    )
    copay_cents = serializers.IntegerField(
        min_value=0, max_value=10**8, required=False, help_text="A leg. Dispatchers only."
    )
    authorization_number = serializers.CharField(
        max_length=64, allow_blank=True, required=False, help_text="Dispatchers only."
    )
    accept = serializers.BooleanField(
        required=False, help_text="Schedule what has a time at once. Dispatchers only."
    )
    client_event_id = serializers.CharField(
        max_length=64, default="", help_text="The same id again: the same answer, booked once."
    )

    def choices(self, user: User) -> dict[str, QuerySet[Any]]:
        """A way back belongs to a trip that the user may see."""
        return super().choices(user) | {"return_of": access.visible_trips(user)}

    def validate(self, attrs: Fields) -> Fields:
        """Model fields, the places flattened; with what `book` and `book_once` take of them."""
        attrs = super().validate(attrs)
        _check_role(attrs, self.context["request"].user)
        if attrs.pop("will_call"):
            attrs["status"] = _parked(attrs)
        check_times(attrs.get("scheduled_at"), attrs.get("appointment_at"))
        _check_return(attrs)
        return attrs


def _check_role(attrs: Fields, user: User) -> None:
    named = any(name in attrs for name in _DISPATCHERS)
    waits = attrs["will_call"] or attrs["return_kind"] == ReturnKind.WILL_CALL
    if (named or waits) and not access.is_dispatcher(user):
        raise exceptions.PermissionDenied


def _parked(attrs: Fields) -> str:
    if attrs.get("return_of") is None:
        raise serializers.ValidationError({"return_of": ["A will-call is a return leg."]})
    if attrs.get("scheduled_at") is not None:
        raise serializers.ValidationError({"scheduled_at": ["A will-call has no time yet."]})
    return Status.WILL_CALL.value


def _check_return(attrs: Fields) -> None:
    kind, at = attrs["return_kind"], attrs.get("return_at")
    way_there: Trip | None = attrs.get("return_of")
    if way_there is not None and way_there.patient_id != attrs["patient"].pk:
        raise serializers.ValidationError({"return_of": ["It is another patient's trip."]})
    if kind != ReturnKind.NONE and (attrs.get("return_of") or attrs["wait_and_return"]):
        raise serializers.ValidationError({"return_kind": ["This trip has no leg back."]})
    if (kind == ReturnKind.TIMED) != (at is not None):
        text = "A timed return has a time, and no other one has."
        raise serializers.ValidationError({"return_at": [text]})
    there: datetime | None = attrs.get("appointment_at") or attrs.get("scheduled_at")
    if at is not None and there is not None and not there < at <= there + LONGEST_STAY:
        text = "The way back begins after the way there, within a day."
        raise serializers.ValidationError({"return_at": [text]})
    check_times(at, None)


def book(user: User, fields: Fields) -> Trip:
    """The trip of a valid booking and, in the same transaction, its leg back."""
    fields = {name: value for name, value in fields.items() if name != "client_event_id"}
    accept = fields.pop("accept", False)
    kind, at = fields.pop("return_kind"), fields.pop("return_at", None)
    with recording():
        [trip] = book_trips(user=user, bookings=[fields], accept=accept)
        if kind != ReturnKind.NONE:
            book_trips(user=user, bookings=[_way_back(fields, trip, at)], accept=accept)
    return trip


def _way_back(fields: Fields, trip: Trip, at: datetime | None) -> Fields:
    back = {**fields, "return_of": trip, "scheduled_at": at, "appointment_at": None}
    for end, other in (("pickup", "dropoff"), ("dropoff", "pickup")):
        back |= {f"{end}_{name}": fields[f"{other}_{name}"] for name in _PLACE}
    return back if at else {**back, "status": Status.WILL_CALL.value}


_PLACE = ("address", "latitude", "longitude")


def book_once(user: User, request: Any, booking: BookingSerializer) -> Fields:
    """The booked trip as JSON; the same `client_event_id` again: the same answer, booked once."""
    fields: Fields = booking.validated_data
    try:
        answer: Fields = once.answer_once(
            user=user,
            client_event_id=fields["client_event_id"],
            request=dict(request),
            make=lambda: trip_json(book(user, fields), user),
        )
    except ReusedClientEventId:
        raise Unprocessable("This client_event_id came before with another body.") from None
    return answer
