"""Texts made printable, the code to scan, and paper: the pure parts of documents."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.documents.content import paper_of
from billing.documents.qr import Due, Scan, code_of, iban_in, svg_of
from billing.documents.text import printable

IBAN = "DE89 3704 0044 0532 0130 00"


def due(instructions: str, currency: str = "EUR", amount_cents: int = 9_422) -> Due:
    return Due(
        reference="2026-000123",
        amount_cents=amount_cents,
        amount="94.22",
        currency=currency,
        company="Nordic Care Rides",
        instructions=instructions,
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Pia Ek", "Pia Ek"),
        ("  Pia \n\t Ek ", "Pia Ek"),
        ("Pia\x00\x07\x1b Ek\u202e\u2066\ufeff", "Pia Ek"),
        ("e\u0301", "é"),
        ("م\u200cن", "م\u200cن"),
        ("\ue000\U000f0000\ufffe", ""),
        ("abcdefghijk", "abcdefghi…"),
        ("z" + "\u0300" * 50, "z" + "\u0300" * 4),
        ("#let x = $1$ @ref", "#let x =…"),
    ],
)
def test_a_text_is_one_line_of_what_can_be_printed(text: str, shown: str) -> None:
    assert printable(text, 10) == shown


def test_a_long_word_may_be_broken_and_reads_the_same() -> None:
    shown = printable("W" * 50, 60)
    assert shown.replace("\u200b", "") == "W" * 50
    assert max(map(len, shown.split("\u200b"))) == 18


@given(st.text())
def test_whatever_is_written_fits(text: str) -> None:
    shown = printable(text, 40).replace("\u200b", "")
    assert len(shown) <= 40
    assert all(unicodedata.category(char) not in {"Cc", "Cs", "Co", "Cn"} for char in shown)


def test_euros_to_an_iban_are_a_transfer_that_a_banks_app_fills_in() -> None:
    scan, text = code_of(due(f"Bank of Examples, {IBAN} BIC COBADEFFXXX"))
    assert scan is Scan.TRANSFER
    assert text.split("\n") == [
        "BCD",
        "002",
        "1",
        "SCT",
        "",
        "Nordic Care Rides",
        "DE89370400440532013000",
        "EUR94.22",
        "",
        "",
        "2026-000123",
    ]


@pytest.mark.parametrize(
    ("instructions", "currency", "scan", "text"),
    [
        ("Online at https://pay.example/x.", "USD", Scan.LINK, "https://pay.example/x"),
        (f"{IBAN}; https://pay.example/x", "USD", Scan.LINK, "https://pay.example/x"),
        ("http://pay.example", "USD", Scan.REFERENCE, "2026-000123 USD 94.22"),
        (IBAN, "SEK", Scan.REFERENCE, "2026-000123 SEK 94.22"),
        (IBAN.replace("89", "88", 1), "EUR", Scan.REFERENCE, "2026-000123 EUR 94.22"),
        ("", "EUR", Scan.REFERENCE, "2026-000123 EUR 94.22"),
    ],
)
def test_other_money_is_a_link_or_the_reference(
    instructions: str, currency: str, scan: Scan, text: str
) -> None:
    assert code_of(due(instructions, currency)) == (scan, text)


@pytest.mark.parametrize(
    ("text", "iban"),
    [
        (IBAN, "DE89370400440532013000"),
        ("IBAN: GB33BUKB20201555555555.", "GB33BUKB20201555555555"),
        ("NO93 8601 1117 947 Bank", "NO9386011117947"),
        ("account 004411223, routing 121000248", ""),
        ("DE00 3704 0044 0532 0130 00", ""),
    ],
)
def test_an_iban_is_found_where_its_check_digits_are_right(text: str, iban: str) -> None:
    assert iban_in(text) == iban


@given(st.text(max_size=400), st.integers(-(10**12), 10**12))
def test_any_instructions_give_a_code_or_none(instructions: str, amount_cents: int) -> None:
    _, text = code_of(due(instructions, amount_cents=amount_cents))
    assert svg_of(text).startswith("<svg") or svg_of(text) == ""


def test_a_text_that_fits_no_code_gives_none() -> None:
    assert svg_of("x" * 5_000) == ""


def test_paper_is_what_is_in_the_trays() -> None:
    assert [paper_of(currency) for currency in ("USD", "EUR", "SEK")] == ["us-letter", "a4", "a4"]
