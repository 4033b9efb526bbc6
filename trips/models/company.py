"""The company, and the people and organisations that it works for."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from users.models import check_time_zone


class Company(models.Model):
    """The one company that this installation serves."""

    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC")
    currency = models.CharField(max_length=3, default="USD")
    phone = models.CharField(max_length=32, blank=True)
    email = models.EmailField(blank=True)
    address = models.TextField(blank=True)

    no_show_wait_minutes = models.PositiveSmallIntegerField(
        default=10, help_text="Wait at the door before a no-show."
    )
    at_door_radius_m = models.PositiveSmallIntegerField(
        default=200, help_text="So near to a stop is at its door."
    )
    late_cancel_minutes = models.PositiveSmallIntegerField(
        default=120, help_text="A cancellation closer to the pick-up is late."
    )
    will_call_minutes = models.PositiveSmallIntegerField(
        default=60, help_text="A called will-call is picked up within."
    )
    on_time_minutes = models.PositiveSmallIntegerField(
        default=15, help_text="So late is still on time."
    )
    materialise_days = models.PositiveSmallIntegerField(
        default=14, help_text="So far ahead standing orders become trips."
    )

    payment_days = models.PositiveSmallIntegerField(default=30)
    tax_name = models.CharField(max_length=32, blank=True)
    tax_percent = models.DecimalField(max_digits=5, decimal_places=3, default=0)
    tax_id = models.CharField(max_length=64, blank=True)
    payment_instructions = models.TextField(blank=True, help_text="Bank and account, as printed.")
    logo = models.BinaryField(
        null=True, blank=True, help_text="PNG or SVG, for mails and invoices."
    )

    class Meta:
        verbose_name_plural = "company"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="company_is_one")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Reject in forms what would make reports and invoices fail."""
        check_time_zone(self.time_zone)
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isupper()):
            raise ValidationError({"currency": "Three capital letters, e.g. USD."})

    @classmethod
    def get(cls) -> "Company":
        """The company, with defaults where nobody has set it up yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1, name="ATW Transport")


class Facility(models.Model):
    """A clinic, dialysis centre or hospital that books trips for its patients."""

    name = models.CharField(max_length=120, unique=True)
    phone = models.CharField(max_length=32, blank=True)
    email = models.EmailField(blank=True, help_text="Where its invoices go.")
    address = models.CharField(max_length=250, blank=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="facilities"
    )

    class Meta:
        verbose_name_plural = "facilities"

    def __str__(self) -> str:
        return self.name


class Payer(models.Model):
    """Who pays for trips: a Medicaid broker, an insurer, a plan."""

    name = models.CharField(max_length=120, unique=True)
    email = models.EmailField(blank=True, help_text="Where its invoices go.")
    address = models.CharField(max_length=250, blank=True)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Patient(models.Model):
    """A person who is driven. `user` is there where they have an account of their own."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="patient"
    )
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    address = models.CharField(max_length=250, blank=True)
    member_id = models.CharField(max_length=64, blank=True, help_text="At the payer.")
    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True)
    facilities = models.ManyToManyField(Facility, blank=True, related_name="patients")
    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty: the company's.")
    caregiver_email = models.EmailField(blank=True, help_text="In copy, where the patient wants.")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"patient {self.pk}"
