"""Distances on the earth (pure)."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_008.8


def distance_m(latitude: float, longitude: float, latitude2: float, longitude2: float) -> float:
    """Great-circle distance in metres between two points in degrees (haversine)."""
    phi, phi2 = radians(latitude), radians(latitude2)
    half_lat = sin((phi2 - phi) / 2)
    half_lon = sin(radians(longitude2 - longitude) / 2)
    chord = half_lat * half_lat + cos(phi) * cos(phi2) * half_lon * half_lon
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))
