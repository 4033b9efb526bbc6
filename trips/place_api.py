"""`/api/places/`: the address book."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from trips import access, places
from trips.list_api import needs
from users.api import StrictSerializer
from users.models import User
from users.roles import Permission


class PlaceQuerySerializer(StrictSerializer):
    """What to look for."""

    q = serializers.CharField(max_length=200, allow_blank=True, default="")
    most = serializers.IntegerField(min_value=1, max_value=50, default=places.MOST_SUGGESTED)


class PickedPlaceSerializer(StrictSerializer):
    """An address, and the point that somebody showed on a map."""

    address = serializers.CharField(max_length=250)
    latitude = serializers.FloatField(min_value=-90, max_value=90)
    longitude = serializers.FloatField(min_value=-180, max_value=180)

    def validate_address(self, address: str) -> str:
        if not places.normalised(address):
            raise serializers.ValidationError("An address has letters or digits.")
        return address


class SuggestionSerializer(serializers.Serializer[Any]):
    """A known place: picked on a map, learned from trips, or found by the geocoder."""

    address = serializers.CharField()
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    uses = serializers.IntegerField()
    origin = serializers.ChoiceField(choices=["picked", "trips", "geocoder"])


class PlaceView(APIView):
    """For dispatchers; a facility has the places of its own trips."""

    permission_classes = [needs(Permission.USE_PLACES)]

    @extend_schema(
        operation_id="places_list",
        parameters=[PlaceQuerySerializer],
        responses=SuggestionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Suggestions for what was typed so far, the best first."""
        query = PlaceQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        found = places.suggest(user=_user(request), words=asked["q"], most=asked["most"])
        return Response([asdict(one) for one in found])

    @extend_schema(request=PickedPlaceSerializer, responses={201: SuggestionSerializer})
    def post(self, request: Request) -> Response:
        """Keep a point that was picked on a map."""
        picked = PickedPlaceSerializer(data=request.data)
        picked.is_valid(raise_exception=True)
        fields = picked.validated_data
        place = places.pick(
            facility_id=_facility_of(_user(request)),
            address=fields["address"],
            point=(fields["latitude"], fields["longitude"]),
        )
        shown = places.Suggestion(
            place.address, place.latitude, place.longitude, place.uses, "picked"
        )
        return Response(asdict(shown), status=201)


def _user(request: Request) -> User:
    if not isinstance(request.user, User):
        raise exceptions.NotAuthenticated
    return request.user


def _facility_of(user: User) -> int | None:
    """Whose address book the place goes into; None: the dispatch's."""
    if user.may(Permission.SEE_ALL_TRIPS):
        return None
    if not (ids := access.facility_ids(user)):
        raise exceptions.ValidationError("You work for no facility.")
    return min(ids)
