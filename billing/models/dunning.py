"""The ladder of reminders: its steps, and which invoice has taken which."""

from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice


class DunningStep(models.Model):
    """What is done so many days after the due day of what is still owed."""

    class Action(models.TextChoices):
        FIRST_REMINDER = "invoice_reminder", "first reminder"
        SECOND_REMINDER = "invoice_second_reminder", "second reminder"
        FINAL_NOTICE = "invoice_final_notice", "final notice"
        HAND_OVER = "invoice_hand_over", "hand-over to collection"

    days_after_due = models.PositiveSmallIntegerField(
        unique=True, help_text="By the company's calendar."
    )
    action = models.CharField(
        max_length=32,
        choices=Action,
        unique=True,
        help_text="A mail, but the hand-over: it tells the billers.",
    )
    words = models.TextField(
        blank=True, max_length=2000, help_text="Said in the mail in place of our own sentence."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["days_after_due"]
        constraints = [
            models.CheckConstraint(condition=Q(days_after_due__gt=0), name="dunning_step_after_due")
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} after {self.days_after_due} days"


class DunningNotice(models.Model):
    """That an invoice has taken a step, once; as the step was then."""

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="dunning")
    action = models.CharField(max_length=32, choices=DunningStep.Action)
    days_after_due = models.PositiveSmallIntegerField()
    words = models.TextField(blank=True)
    balance_cents = models.IntegerField(help_text="What was owed that day.")
    taken_on = models.DateField()
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "action"], name="dunning_once"),
            models.UniqueConstraint(fields=["invoice", "taken_on"], name="dunning_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.action} of invoice {self.invoice_id}"
