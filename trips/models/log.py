"""The event log: what happened, who is owed a reaction, and in which order screens show it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from trips.models.fields import on_earth
from trips.models.trip import Trip


class TripEvent(models.Model):
    """One change of a trip: ids, times and numbers, never a name or an address."""

    class Source(models.TextChoices):
        DRIVER = "driver"
        DISPATCHER = "dispatcher"
        REQUESTER = "requester"
        SYSTEM = "system"
        GEOFENCE = "geofence"

    trip = models.ForeignKey(Trip, models.PROTECT, related_name="events")
    version = models.PositiveIntegerField()
    event = models.CharField(max_length=32)
    status = models.CharField(max_length=16, help_text="The trip's status after it.")
    previous_status = models.CharField(max_length=16, blank=True)
    inferred = models.BooleanField(default=False)
    source = models.CharField(max_length=16, choices=Source)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    occurred_at = models.DateTimeField(help_text="By the device's clock.")
    recorded_at = models.DateTimeField(help_text="By the server's clock.")
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    position_source = models.CharField(
        max_length=8, blank=True, help_text="tap: sent with it; fix: the nearest one in time."
    )
    position_age_s = models.FloatField(
        null=True, blank=True, help_text="Seconds from that fix to `occurred_at`; 0 for a tap's."
    )
    stop_distance_m = models.FloatField(
        null=True, blank=True, help_text="From the position to the stop that it is about."
    )
    message = models.CharField(max_length=500, blank=True)
    data = models.JSONField(default=dict, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(
        max_length=64, blank=True, help_text="Over this row and the one before."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["trip", "version"], name="trip_event_version"),
            on_earth("", "trip_event_on_earth", null=True),
            models.CheckConstraint(condition=~Q(hash=""), name="trip_event_is_linked"),
        ]

    def __str__(self) -> str:
        return f"{self.event} v{self.version} of trip {self.trip_id}"


class Stream(models.Model):
    """The head of one numbered stream: `board`, `trip:<id>` or `user:<id>`."""

    name = models.CharField(max_length=40, primary_key=True)
    last_seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name}@{self.last_seq}"


class StreamEntry(models.Model):
    """Number `seq` of a stream is a trip's event or a person's notification."""

    stream = models.ForeignKey(Stream, models.CASCADE, db_index=False)
    seq = models.BigIntegerField()
    event = models.ForeignKey(TripEvent, models.CASCADE, null=True, db_index=False)
    notification = models.ForeignKey(
        "users.Notification", models.CASCADE, null=True, db_index=False
    )

    class Meta:
        verbose_name_plural = "stream entries"
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="stream_entry_seq"),
            models.CheckConstraint(
                condition=Q(event__isnull=False) ^ Q(notification__isnull=False),
                name="stream_entry_one_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stream_id}@{self.seq}"


class Epoch(models.Model):
    """Which history the stream numbers belong to; a restore from backup renews it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.UUIDField(default=uuid.uuid4)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="epoch_is_one")]

    def __str__(self) -> str:
        return str(self.value)


class Delivery(models.Model):
    """The outbox: one subscriber that is owed one reaction to one thing that happened.

    `topic` and `subject_id` name it (a `TripEvent` for `trip.…`, an invoice for `invoice.…`).
    """

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        DEAD = "dead"

    topic = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    subscriber = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "subject_id", "subscriber"], name="delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="pending"), name="delivery_pending_due"
            ),
            models.Index(fields=["id"], condition=Q(state="dead"), name="delivery_buried"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject_id} to {self.subscriber}"
