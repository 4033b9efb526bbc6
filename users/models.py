"""Accounts and what was said to them."""

from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from users.roles import Permission, Role, may


def check_time_zone(name: str) -> None:
    """ValidationError where `name` is not in the time zone database, e.g. Europe/Stockholm."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValidationError({"time_zone": f"There is no time zone {name!r}."}) from None


class User(AbstractUser):
    """One person, one role. Disabled through `is_active`, which ends tokens and sockets at once."""

    class RoleChoice(models.TextChoices):
        ADMIN = Role.ADMIN.value, _("Administrator")
        DISPATCHER = Role.DISPATCHER.value, _("Dispatcher")
        DRIVER = Role.DRIVER.value, _("Driver")
        BILLER = Role.BILLER.value, _("Biller")
        FACILITY = Role.FACILITY.value, _("Facility")
        PATIENT = Role.PATIENT.value, _("Patient")

    role = models.CharField(max_length=16, choices=RoleChoice)
    phone = models.CharField(max_length=32, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty: the company's.")
    language = models.CharField(max_length=8, default="en")

    REQUIRED_FIELDS = ["email", "role"]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]), name="user_role_known"
            )
        ]

    def clean(self) -> None:
        """Reject an unknown time zone in forms."""
        super().clean()
        if self.time_zone:
            check_time_zone(self.time_zone)

    def may(self, permission: Permission) -> bool:
        """Whether this account's role holds `permission` and the account is active."""
        return self.is_active and may(self.role, permission)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username


class Notification(models.Model):
    """One thing said to one person through one channel, at most once per `key`.

    The row exists before anything is sent. `unknown` is a mail whose answer never came:
    it is shown to people and not sent again blindly.
    """

    class Channel(models.TextChoices):
        IN_APP = "in_app"
        EMAIL = "email"

    class State(models.TextChoices):
        QUEUED = "queued"
        CLAIMED = "claimed"
        SENT = "sent"
        FAILED = "failed"
        UNKNOWN = "unknown"

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
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} to {self.user_id or 'address'} by {self.channel}"
