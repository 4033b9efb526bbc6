"""The address book: where addresses are that trips went to, or that somebody showed on a map."""

from django.db import models

from trips.models.company import Facility
from trips.models.fields import on_earth


class KnownPlace(models.Model):
    """An address and its point, as one facility (or the dispatch itself: null) uses it.

    `key` is the address without what writers differ in (`trips.places.normalised`). A point
    that was `picked` on a map stays; others follow the newest trip.
    """

    key = models.CharField(max_length=250)
    facility = models.ForeignKey(Facility, models.CASCADE, null=True, blank=True)
    address = models.CharField(max_length=250)
    latitude = models.FloatField()
    longitude = models.FloatField()
    picked = models.BooleanField(default=False, help_text="Somebody put the pin there.")
    uses = models.PositiveIntegerField(default=0)
    last_trip_id = models.BigIntegerField(default=0, help_text="The newest trip counted.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "facility"], name="known_place_once", nulls_distinct=False
            ),
            on_earth("", "known_place_on_earth"),
        ]
        indexes = [models.Index(fields=["last_trip_id"], name="known_place_by_trip")]

    def __str__(self) -> str:
        return f"place {self.pk}"
