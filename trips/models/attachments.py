"""What a driver brings home from a stop: a signature, a photo."""

from django.conf import settings
from django.db import models

from trips.models.tasks import TaskRun
from trips.models.trip import Trip


class Attachment(models.Model):
    """A picture that belongs to a stop of a trip. The files are in the storage, by name.

    As it came (`raw`) it is kept only until a task has made `file` and `thumbnail` of it.
    """

    class Kind(models.TextChoices):
        SIGNATURE = "signature"
        PHOTO = "photo"

    class Stop(models.TextChoices):
        PICKUP = "pickup"
        DROPOFF = "dropoff"

    class State(models.TextChoices):
        WAITING = "waiting"
        READY = "ready"
        REFUSED = "refused"

    trip = models.ForeignKey(Trip, models.PROTECT, related_name="attachments")
    kind = models.CharField(max_length=16, choices=Kind)
    stop = models.CharField(max_length=8, choices=Stop)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="attachments"
    )
    client_event_id = models.CharField(max_length=64)
    occurred_at = models.DateTimeField(help_text="By the clock of the phone.")
    received_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=32, blank=True, help_text="Why it was refused.")
    task = models.ForeignKey(TaskRun, models.SET_NULL, null=True, blank=True, related_name="+")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what came.")
    raw = models.CharField(max_length=200, blank=True)
    file = models.CharField(max_length=200, blank=True)
    thumbnail = models.CharField(max_length=200, blank=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sent_by", "client_event_id"], name="attachment_sent_once"
            )
        ]
        indexes = [models.Index(fields=["trip", "stop"], name="attachment_of_trip")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of trip {self.trip_id}"
