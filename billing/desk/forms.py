"""The form by which a biller records a payment."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.allocations import Debtor, Shares
from billing.balances import balance_of
from billing.models import Invoice, Payment
from billing.money import decimal_of, exponent
from billing.payment_serializers import MOST_CENTS
from billing.payments import Money
from trips.models import Company, Facility, Payer
from trips.queries import company_day

#: What a person enters; a provider and a remittance enter themselves.
METHODS = [
    (Payment.Method.CHECK.value, gettext_lazy("check")),
    (Payment.Method.CASH.value, gettext_lazy("cash")),
    (Payment.Method.CARD.value, gettext_lazy("card")),
    (Payment.Method.REMITTANCE.value, gettext_lazy("remittance")),
]


class PaymentForm(forms.Form):
    """Who paid is chosen, or follows from the number of an invoice that is paid first."""

    debtor = forms.ChoiceField(required=False)
    invoice = forms.CharField(required=False, max_length=16)
    amount = forms.DecimalField(
        min_value=Decimal("0.001"),
        max_digits=12,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )
    method = forms.ChoiceField(choices=METHODS)
    received_on = forms.DateField(widget=forms.DateInput({"type": "date"}))
    reference = forms.CharField(required=False, max_length=120)
    note = forms.CharField(required=False, max_length=250)
    key = forms.UUIDField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["debtor"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [("", "–"), *_debtors()]

    def clean_invoice(self) -> Invoice | None:
        """The invoice of that number, if one is named."""
        if not (number := self.cleaned_data["invoice"].strip()):
            return None
        found = Invoice.objects.filter(number=number).exclude(kind=Invoice.Kind.CREDIT).first()
        if found is None:
            raise forms.ValidationError(_("There is no invoice of this number."))
        return found

    def clean(self) -> dict[str, Any]:
        """Who paid, and how much in the currency's smallest unit: as the API reads it."""
        found = self.cleaned_data
        debtor, invoice = self.who(), found.get("invoice")
        if debtor is None and "invoice" not in self.errors:
            self.add_error("debtor", _("Choose who paid, or name an invoice."))
        elif invoice and debtor != Debtor.of(invoice):
            self.add_error("debtor", _("This invoice is owed by somebody else."))
        if found.get("amount") and not 0 < self.cents() <= MOST_CENTS:
            self.add_error("amount", _("An amount with the decimals of the currency."))
        if (day := found.get("received_on")) and not _is_past(day):
            self.add_error("received_on", _("This day is still to come."))
        return found

    def who(self) -> Debtor | None:
        """Who paid: as chosen, else the invoice's."""
        if chosen := self.cleaned_data.get("debtor"):
            kind, _dash, pk = chosen.partition("-")
            return Debtor(kind, int(pk))
        invoice = self.cleaned_data.get("invoice")
        return Debtor.of(invoice) if invoice else None

    def currency(self) -> str:
        """The invoice's, else the company's."""
        invoice = self.cleaned_data.get("invoice")
        return str(invoice.currency if invoice else Company.get().currency)

    def cents(self) -> int:
        """The amount in the smallest unit; 0 where it has too many decimals."""
        return cents_of(self.cleaned_data["amount"], self.currency())

    def money(self) -> Money:
        """What is recorded."""
        found = self.cleaned_data
        debtor = self.who()
        if debtor is None:  # `clean` asks for one
            raise ValueError("a payment without a debtor")
        return Money(
            debtor=debtor,
            amount_cents=self.cents(),
            currency=self.currency(),
            method=found["method"],
            received_on=found["received_on"],
            reference=found["reference"],
            note=found["note"],
        )

    def shares(self) -> Shares | None:
        """The invoice that was named as far as it is owed; None: the oldest first."""
        invoice = self.cleaned_data.get("invoice")
        if invoice is None:
            return None
        owed = min(self.cents(), balance_of(invoice.pk))
        return [(invoice.pk, owed)] if owed > 0 else []


class RefundForm(forms.Form):
    """What is given back of a payment, in its currency."""

    amount = forms.DecimalField(min_value=Decimal("0.001"), max_digits=12)
    method = forms.ChoiceField(choices=METHODS)
    note = forms.CharField(max_length=250)
    key = forms.UUIDField()

    def __init__(self, currency: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> Decimal:
        """With the currency's decimals."""
        amount: Decimal = self.cleaned_data["amount"]
        if not 0 < cents_of(amount, self.currency) <= MOST_CENTS:
            raise forms.ValidationError(_("An amount with the decimals of the currency."))
        return amount

    def cents(self) -> int:
        """The amount in the smallest unit."""
        return cents_of(self.cleaned_data["amount"], self.currency)


def cents_of(amount: Decimal, currency: str) -> int:
    """12.50 USD as 1250; 0 where it has too many decimals."""
    scaled = amount.scaleb(exponent(currency))
    return int(scaled) if scaled == scaled.to_integral_value() else 0


def _is_past(day: date) -> bool:
    return day.year >= 2000 and day <= company_day(timezone.now())


def _debtors() -> list[tuple[Any, list[tuple[str, str]]]]:
    payers, facilities = Payer.objects.order_by("name"), Facility.objects.order_by("name")
    return [
        (gettext_lazy("Payers"), [(f"payer-{one.pk}", one.name) for one in payers]),
        (gettext_lazy("Facilities"), [(f"facility-{one.pk}", one.name) for one in facilities]),
    ]


def for_invoice(invoice: Any) -> dict[str, object]:
    """What stands in the form for an invoice with its balance."""
    return {
        "invoice": invoice.number,
        "amount": decimal_of(max(invoice.balance_cents, 0), invoice.currency),
    }
