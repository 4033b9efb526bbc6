"""Monthly statements: what one payer or facility was billed for a month's trips."""

from django.db import models
from django.db.models import Q

from billing.models.invoices import Invoice, YearCounter
from trips.models import Facility, Payer


class StatementCounter(YearCounter):
    """The statements' own series."""


class Statement(models.Model):
    """One per payer or facility, month and currency; only `sent_at` ever changes.

    It collects every invoice and credit note for trips up to the end of its month that stands on
    no earlier statement.
    """

    number = models.CharField(max_length=16, unique=True)
    payer = models.ForeignKey(Payer, models.PROTECT, null=True, blank=True)
    facility = models.ForeignKey(Facility, models.PROTECT, null=True, blank=True)
    month = models.DateField(help_text="Its first day.")
    currency = models.CharField(max_length=3)
    total_cents = models.BigIntegerField()
    issued_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["payer", "facility", "month", "currency"],
                name="statement_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(payer__isnull=False, facility__isnull=True)
                | Q(payer__isnull=True, facility__isnull=False),
                name="statement_one_debtor",
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="statement_of_a_month"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def debtor(self) -> Payer | Facility:
        """Whose statement it is."""
        found = self.payer or self.facility
        if found is None:  # the database forbids it
            raise ValueError(f"statement {self.pk} has no debtor")
        return found


class StatementItem(models.Model):
    """That an invoice stands on a statement: on one and no other."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="items")
    invoice = models.OneToOneField(
        Invoice, models.PROTECT, primary_key=True, related_name="statement_item"
    )

    def __str__(self) -> str:
        return f"invoice {self.invoice_id} on statement {self.statement_id}"
