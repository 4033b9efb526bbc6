"""`GET /api/trips/{id}/track.geojson` and `.gpx`: one trip's way, for who may see the trip."""

import json
import math
from dataclasses import replace

from django.db.models import F
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.views import APIView

from trips import access, queries
from trips.models import GpsFix, TrackSeal, Trip
from trips.realtime.projections import Audience, audience_of, trip_view
from trips.track_files import Happening, Stop, Track, divided, geojson, gpx
from trips.tracking.filters import Verdict
from trips.tracking.retention import LONGEST_SILENCE_S
from trips.tracking.simplify import Point
from users.models import User

#: Fourteen hours at a fix each second.
MOST_POINTS = 50_000


def track_of(trip: Trip, user: User) -> Track:
    """What is known of the trip's way, as much of it as `user` may read."""
    sealed = [
        Point(*point)
        for seal in TrackSeal.objects.filter(trip=trip).values_list("track", flat=True)
        for point in seal
    ]
    raw = _believed(trip)
    first_s, last_s = _readable_s(trip, user)
    points = [one for one in sorted(sealed + raw[:MOST_POINTS]) if first_s <= one.at <= last_s]
    return Track(
        trip.pk,
        trip.status,
        trip.mobility,
        divided(points, LONGEST_SILENCE_S),
        _stops(trip, user),
        [_placed(one, first_s, last_s) for one in _happenings(trip)],
        simplified=bool(sealed),
        truncated=len(raw) > MOST_POINTS,
    )


def _readable_s(trip: Trip, user: User) -> tuple[float, float]:
    """Between which moments (unix seconds, both included) `user` may read where the vehicle was.

    Who asked for the trip: while the patient was aboard. Before and after, the vehicle stands at
    other people's doors.
    """
    if audience_of(user) is not Audience.REQUESTER:
        return -math.inf, math.inf
    if trip.picked_up_at is None:
        return math.inf, -math.inf
    left_at = trip.dropped_off_at
    return trip.picked_up_at.timestamp(), left_at.timestamp() if left_at else math.inf


def _placed(one: Happening, first_s: float, last_s: float) -> Happening:
    """The event; without its place where that is not to be read."""
    if first_s <= one.occurred_at.timestamp() <= last_s:
        return one
    return replace(one, latitude=None, longitude=None)


def _believed(trip: Trip) -> list[Point]:
    """In order of time, and one more than are told."""
    fixes = GpsFix.objects.filter(trip=trip, verdict__in=[Verdict.KEPT, Verdict.LATE])
    # A phone's clock that is off was corrected.
    fixes = fixes.annotate(at=Coalesce(F("corrected_at"), F("recorded_at"))).order_by("at")
    rows = fixes.values_list("at", "latitude", "longitude")[: MOST_POINTS + 1]
    return [Point(at.timestamp(), *place) for at, *place in rows]


def _stops(trip: Trip, user: User) -> list[Stop]:
    view = trip_view(trip, audience_of(user))
    return [
        Stop(kind, place.address or "", place.latitude, place.longitude)
        for kind, place in (("pickup", view.pickup), ("dropoff", view.dropoff))
    ]


def _happenings(trip: Trip) -> list[Happening]:
    names = ("event", "occurred_at", "inferred", "latitude", "longitude")
    return [Happening(*row) for row in trip.events.order_by("version").values_list(*names)]


class TrackView(APIView):
    """404 for a foreign trip as for none."""

    media_type = suffix = ""

    def answer(self, track: Track) -> bytes:
        """The file's content."""
        raise NotImplementedError

    def get(self, request: Request, pk: int) -> HttpResponse:
        if not isinstance(request.user, User):
            raise exceptions.NotAuthenticated
        visible = access.visible_trips(request.user).filter(pk=pk)
        trip = queries.with_related(visible).first()
        if trip is None:
            raise exceptions.NotFound
        content = self.answer(track_of(trip, request.user))
        answer = HttpResponse(content, content_type=self.media_type)
        answer["Content-Disposition"] = f'attachment; filename="trip-{pk}.{self.suffix}"'
        answer["Cache-Control"] = "no-store"
        return answer


class GeoJsonView(TrackView):
    """The track with times, the stops and the events as a FeatureCollection."""

    media_type, suffix = "application/geo+json", "geojson"

    def answer(self, track: Track) -> bytes:
        return json.dumps(geojson(track), separators=(",", ":")).encode()

    @extend_schema(responses={(200, media_type): OpenApiTypes.OBJECT})
    def get(self, request: Request, pk: int) -> HttpResponse:
        return super().get(request, pk)


class GpxView(TrackView):
    """The same as GPX 1.1."""

    media_type, suffix = "application/gpx+xml", "gpx"

    def answer(self, track: Track) -> bytes:
        return gpx(track)

    @extend_schema(responses={(200, media_type): OpenApiTypes.STR})
    def get(self, request: Request, pk: int) -> HttpResponse:
        return super().get(request, pk)
