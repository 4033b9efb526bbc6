"""Amounts in a currency's smallest unit, as people write them (pure).

`…_cents` everywhere counts that unit: a JPY has none smaller, a KWD has a thousand.
"""

from decimal import Decimal

#: Currencies that have not two decimals (ISO 4217).
_WITHOUT_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"}
    | {"VND", "VUV", "XAF", "XOF", "XPF"}
)
_WITH_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def exponent(currency: str) -> int:
    """Decimals of the currency: 2 for USD, 0 for JPY, 3 for KWD."""
    if currency in _WITHOUT_DECIMALS:
        return 0
    return 3 if currency in _WITH_THREE else 2


def decimal_of(amount_cents: int, currency: str) -> Decimal:
    """12345 as `123.45` USD, `12345` JPY or `12.345` KWD; never rounded."""
    return Decimal(amount_cents).scaleb(-exponent(currency))


def written(amount_cents: int, currency: str) -> str:
    """`1,234.56` with the currency's decimals and without its name."""
    return f"{decimal_of(amount_cents, currency):,f}"
