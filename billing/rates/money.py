"""Cents (pure)."""

from decimal import ROUND_HALF_UP, Decimal


def cents(quantity: Decimal, unit_cents: int) -> int:
    """`quantity` times a price, rounded half up to a whole cent."""
    return int((quantity * unit_cents).quantize(Decimal(1), ROUND_HALF_UP))


def percent_of(amount_cents: int, percent: Decimal) -> int:
    """A share of an amount, rounded half up to a whole cent."""
    return cents(percent / 100, amount_cents)


def split_cents(total_cents: int, parts: int) -> list[int]:
    """`total_cents` (not negative) in equal parts; the first ones take the cents left over."""
    whole, left = divmod(total_cents, parts)
    return [whole + (part < left) for part in range(parts)]
