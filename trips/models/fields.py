"""Checks that several tables share."""

from django.db.models import CheckConstraint, Q


def on_earth(prefix: str, name: str, *, null: bool = False) -> CheckConstraint:
    """Latitude within ±90 and longitude within ±180 degrees; both or neither where `null`."""
    latitude, longitude = f"{prefix}latitude", f"{prefix}longitude"
    inside = Q(**{f"{latitude}__range": (-90, 90), f"{longitude}__range": (-180, 180)})
    if null:
        inside |= Q(**{f"{latitude}__isnull": True, f"{longitude}__isnull": True})
    return CheckConstraint(condition=inside, name=name)
