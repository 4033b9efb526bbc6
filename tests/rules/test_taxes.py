"""Tax and co-pays: rounded as the company says, and split without losing a cent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money import decimal_of, exponent, written
from billing.taxes import Part, Tax, split_copay

percents = st.decimals(min_value=0, max_value=99, places=3)
amounts = st.lists(st.integers(min_value=0, max_value=10**7), min_size=1, max_size=6)


def test_tax_is_rounded_once_or_line_by_line() -> None:
    # 7 % of 0.07 is 0.0049, of three of them 0.0147: nothing line by line, a cent in all.
    assert Tax("VAT", Decimal(7)).of([7, 7, 7]) == 1
    assert Tax("VAT", Decimal(7), by_line=True).of([7, 7, 7]) == 0
    # 7.5 % of 1.00 is 7.5 cents: half up to 8, and 3 x 8 line by line; 22.5 to 23 in all.
    assert Tax("VAT", Decimal("7.5"), by_line=True).of([100, 100, 100]) == 24
    assert Tax("VAT", Decimal("7.5")).of([100, 100, 100]) == 23


def test_a_co_pay_has_its_tax_in_it() -> None:
    # 100.00 + 10 % = 110.00; Pia pays 11.00, which is 10.00 and 1.00 tax.
    rest, copay = split_copay(Part(10_000, 1_000), 1_100, Tax("VAT", Decimal(10)))
    assert copay == Part(1_000, 100)
    assert rest == Part(9_000, 900)


def test_a_co_pay_is_never_more_than_the_price() -> None:
    rest, copay = split_copay(Part(800, 80), 5_000, Tax("VAT", Decimal(10)))
    assert (rest.total_cents, copay.total_cents) == (0, 880)
    assert copay == Part(800, 80)


@given(amounts, percents, st.booleans(), st.integers(min_value=0, max_value=2 * 10**7))
def test_no_cent_is_lost_or_made(
    lines: list[int], percent: Decimal, by_line: bool, copay_cents: int
) -> None:
    tax = Tax("VAT", percent, by_line)
    whole = Part(sum(lines), tax.of(lines))
    rest, copay = split_copay(whole, copay_cents, tax)
    assert rest.subtotal_cents + copay.subtotal_cents == whole.subtotal_cents
    assert rest.tax_cents + copay.tax_cents == whole.tax_cents
    assert min(rest.total_cents, rest.tax_cents, copay.tax_cents, copay.subtotal_cents) >= 0
    assert rest.subtotal_cents >= 0
    assert copay.total_cents == min(copay_cents, whole.total_cents)


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (123_456, "USD", "1,234.56"),
        (-5, "EUR", "-0.05"),
        (123_456, "JPY", "123,456"),
        (123_456, "KWD", "123.456"),
        (0, "JPY", "0"),
    ],
)
def test_amounts_are_written_with_the_currencys_decimals(
    cents: int, currency: str, text: str
) -> None:
    assert written(cents, currency) == text
    assert decimal_of(cents, currency).scaleb(exponent(currency)) == cents
