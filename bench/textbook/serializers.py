"""What comes in and goes out over HTTP."""

from rest_framework import serializers

from bench.textbook.models import GPSUpdate, Trip


class GPSUpdateSerializer(serializers.ModelSerializer[GPSUpdate]):
    """A position."""

    class Meta:
        model = GPSUpdate
        fields = ["id", "latitude", "longitude", "speed", "heading", "timestamp"]


class TripSerializer(serializers.ModelSerializer[Trip]):
    """A trip."""

    class Meta:
        model = Trip
        fields = ["id", "status"]


class TripStatusSerializer(serializers.Serializer[Trip]):
    """A change of a trip's status."""

    action = serializers.CharField(max_length=20)
