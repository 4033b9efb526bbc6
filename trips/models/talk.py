"""Short messages between dispatch and drivers."""

from django.conf import settings
from django.db import models

from trips.models.fleet import Driver


class Message(models.Model):
    """Something that dispatch and drivers said to each other.

    Whom it reaches is fixed when it is sent. Read marks are those of the recipients' notices,
    whose key is `message:<id>`.
    """

    class To(models.TextChoices):
        DRIVER = "driver"
        DRIVERS = "drivers"
        ON_SHIFT = "on_shift"
        DISPATCH = "dispatch"

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="messages_sent"
    )
    to = models.CharField(max_length=8, choices=To)
    driver = models.ForeignKey(
        Driver, models.SET_NULL, null=True, blank=True, help_text="Where it is for one alone."
    )
    recipients = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="messages_received")
    body = models.CharField(max_length=1000)
    sent_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["sender", "-sent_at"], name="message_of_sender")]

    def __str__(self) -> str:
        return f"message {self.pk}"
