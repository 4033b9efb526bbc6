"""Accounts."""

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken

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
    quiet_from = models.TimeField(
        null=True, blank=True, help_text="Begin of this person's quiet hours; empty: the usual."
    )
    quiet_until = models.TimeField(
        null=True, blank=True, help_text="Their end. The same time as the begin: none at all."
    )
    push_target = models.CharField(
        max_length=128, blank=True, help_text="This person's topic or device at the push service."
    )

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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password signs out everywhere: sessions by its hash, tokens here.

        One that is only hashed anew at a log-in is no new password.
        """
        is_new = self.pk is not None and getattr(self, "_password", None) is not None
        super().save(*args, **kwargs)
        if is_new:
            AuthToken.objects.filter(user=self).delete()

    def may(self, permission: Permission) -> bool:
        """Whether this account's role holds `permission` and the account is active."""
        return self.is_active and may(self.role, permission)

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username
