"""What a facility's own system is told: where to, and each thing that was said."""

import secrets

from django.db import models


def new_secret() -> str:
    """A key for signatures, of 32 random bytes."""
    return f"whsec_{secrets.token_urlsafe(32)}"


class WebhookEndpoint(models.Model):
    """An address of a facility's system that hears of its trips. Signed with `secret`."""

    facility = models.ForeignKey("trips.Facility", models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = models.CharField(max_length=64, default=new_secret)
    topics = models.JSONField(
        default=list, blank=True, help_text='E.g. ["trip.completed"]; empty: all.'
    )
    is_active = models.BooleanField(default=True)
    failures = models.PositiveSmallIntegerField(
        default=0, help_text="Deliveries given up in a row; too many switch it off."
    )
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"webhook {self.pk} of facility {self.facility_id}"


class WebhookDelivery(models.Model):
    """One event told to one endpoint, at least once; the receiver knows it by its number."""

    class State(models.TextChoices):
        QUEUED = "queued"
        DELIVERED = "delivered"
        FAILED = "failed"

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    topic = models.CharField(max_length=32)
    subject_id = models.BigIntegerField(help_text="The trip's event.")
    payload = models.JSONField(help_text="Ids, times and states.")
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    response_code = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "topic", "subject_id"], name="webhook_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="queued"),
                name="webhook_delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"webhook delivery {self.pk}"
