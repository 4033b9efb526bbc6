"""The HTTP API."""

from django.shortcuts import get_object_or_404
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.textbook.models import Trip
from bench.textbook.serializers import GPSUpdateSerializer, TripSerializer, TripStatusSerializer
from bench.textbook.tasks import broadcast_gps_update, broadcast_trip_status


class GPSUpdateView(APIView):
    """`POST /api/trips/{id}/gps/`"""

    def post(self, request: Request, trip_id: int) -> Response:
        """Keep one position and have it pushed."""
        trip = get_object_or_404(Trip, pk=trip_id)
        serializer = GPSUpdateSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        gps = serializer.save(trip=trip)
        broadcast_gps_update.delay(trip.pk, gps.latitude, gps.longitude, gps.speed, gps.heading)
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class TripStatusView(APIView):
    """`POST /api/trips/{id}/status/`"""

    def post(self, request: Request, trip_id: int) -> Response:
        """Change the status and have it pushed."""
        trip = get_object_or_404(Trip, pk=trip_id)
        serializer = TripStatusSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        trip.status = serializer.validated_data["action"]
        trip.save()
        broadcast_trip_status.delay(trip.pk, trip.status)
        return Response(TripSerializer(trip).data)


class TripListView(generics.ListAPIView[Trip]):
    """`GET /api/trips/`: what a client loads again after it was away."""

    queryset = Trip.objects.order_by("pk")
    serializer_class = TripSerializer
