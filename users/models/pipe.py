"""What people want to hear, and addresses that must not be written to."""

from django.db import models
from django.db.models.functions import Lower

from users.models.accounts import User


class Preference(models.Model):
    """Whether a person, or an address without account, wants one kind through one channel.

    No row: what the table of kinds says. `kind` empty: everything that is optional.
    """

    user = models.ForeignKey(User, models.CASCADE, null=True, blank=True)
    address = models.EmailField(blank=True, help_text="For people without an account.")
    kind = models.CharField(max_length=64, blank=True, help_text="Empty: all that is optional.")
    channel = models.CharField(max_length=16)
    wanted = models.BooleanField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "address", "kind", "channel"],
                name="preference_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, address="")
                | (models.Q(user__isnull=True) & ~models.Q(address="")),
                name="preference_of_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind or 'all'} by {self.channel}: {'yes' if self.wanted else 'no'}"


class SuppressedAddress(models.Model):
    """An address that bounced or complained; nothing is mailed to it until a person deletes this.

    Kept in lower case, as mail systems compare it.
    """

    class Reason(models.TextChoices):
        BOUNCE = "bounce"
        COMPLAINT = "complaint"

    address = models.EmailField(unique=True)
    reason = models.CharField(max_length=16, choices=Reason)
    code = models.CharField(max_length=16, blank=True, help_text="As reported, e.g. 5.1.1.")
    reported_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "suppressed addresses"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(address=Lower("address")), name="suppressed_in_lower_case"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.pk}"
