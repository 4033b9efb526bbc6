"""What was said to people."""

from django.db import models

from users.models.accounts import User


class Notification(models.Model):
    """One thing said to one person through one channel, at most once per `key`.

    The row exists before anything is sent. `unknown` is a mail whose answer never came:
    it is shown to people and not sent again blindly. `skipped` was not sent on purpose, and
    `error` says why.
    """

    class Channel(models.TextChoices):
        IN_APP = "in_app"
        EMAIL = "email"
        SMS = "sms", "SMS"
        PUSH = "push"

    class State(models.TextChoices):
        QUEUED = "queued"
        CLAIMED = "claimed"
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"
        SKIPPED = "skipped"

    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    address = models.EmailField(blank=True, help_text="For people without an account.")
    channel = models.CharField(max_length=16, choices=Channel)
    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=128, help_text="What it is about, e.g. event:17.")
    trip_id = models.BigIntegerField(null=True, blank=True)
    message = models.TextField(blank=True, help_text="Shown in the app; no patient data.")
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    give_up_at = models.DateTimeField(
        null=True, blank=True, help_text="Attempts end here; a server may be away for long."
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "kind", "channel", "user", "address"],
                name="notification_once",
                nulls_distinct=False,
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="queued"),
                name="notification_queued_due",
            ),
            models.Index(fields=["user", "-id"], name="notification_of_user"),
            # The mail server's limit counts the last minute; the cap a person's last day.
            models.Index(
                fields=["claimed_at"],
                condition=models.Q(claimed_at__isnull=False),
                name="notification_claimed",
            ),
            models.Index(
                fields=["address", "-created_at"],
                condition=~models.Q(address=""),
                name="notification_of_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} to {self.user_id or 'address'} by {self.channel}"
