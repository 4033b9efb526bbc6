"""Tax, and what a patient's part takes from an invoice (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from billing.rates import cents


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax by name and percent; `by_line`: each line is rounded, else their sum."""

    name: str = ""
    percent: Decimal = Decimal(0)
    by_line: bool = False

    def of(self, amounts_cents: Iterable[int]) -> int:
        """The tax on these amounts."""
        share = self.percent / 100
        amounts = list(amounts_cents) if self.by_line else [sum(amounts_cents)]
        return sum(cents(share, amount) for amount in amounts)


@dataclass(frozen=True, slots=True)
class Part:
    """One party's part of a price."""

    subtotal_cents: int
    tax_cents: int

    @property
    def total_cents(self) -> int:
        """With tax."""
        return self.subtotal_cents + self.tax_cents


def split_copay(whole: Part, copay_cents: int, tax: Tax) -> tuple[Part, Part]:
    """(rest, the patient's part) of `whole`: never more than there is, and no cent is lost.

    A co-pay is agreed with its tax in it; that is taken out of it again.
    """
    gross = max(0, min(copay_cents, whole.total_cents))
    net = int((gross / (1 + tax.percent / 100)).quantize(Decimal(1), ROUND_HALF_UP))
    taxed = max(min(whole.tax_cents, gross - net), gross - whole.subtotal_cents)
    copay = Part(gross - taxed, taxed)
    rest = Part(whole.subtotal_cents - copay.subtotal_cents, whole.tax_cents - copay.tax_cents)
    return rest, copay
