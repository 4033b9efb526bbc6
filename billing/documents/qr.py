"""The code to scan on an invoice (pure): a bank transfer, a payment page, or the reference."""

import re
from dataclasses import dataclass
from enum import Enum

import segno

_IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8})\b")
_LINK = re.compile(r"https://[^\s<>\"']{3,300}")
#: Of the European Payments Council's quick response code (EPC069-12), version 2.
_EPC_MOST_CENTS = 99_999_999_999
_EPC_NAME, _EPC_TEXT = 70, 140


class Scan(Enum):
    """What scanning does."""

    TRANSFER = "transfer"
    LINK = "link"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be paid to whom. `instructions` are the company's own words."""

    reference: str
    amount_cents: int
    amount: str
    currency: str
    company: str
    instructions: str


def code_of(due: Due) -> tuple[Scan, str]:
    """What scanning does, and the text of the code.

    Euros to an IBAN in the instructions: a transfer that banks' apps fill in. A link in the
    instructions: that link. Otherwise the reference and the amount as text.
    """
    iban = iban_in(due.instructions)
    if iban and due.currency == "EUR" and 0 < due.amount_cents <= _EPC_MOST_CENTS:
        return Scan.TRANSFER, _transfer(due, iban)
    if link := _LINK.search(due.instructions):
        return Scan.LINK, link[0].rstrip(".,;)")
    return Scan.REFERENCE, f"{due.reference} {due.currency} {due.amount}"


def _transfer(due: Due, iban: str) -> str:
    amount = f"EUR{due.amount_cents // 100}.{due.amount_cents % 100:02d}"
    name, text = _cut(due.company, _EPC_NAME), _cut(due.reference, _EPC_TEXT)
    return "\n".join(["BCD", "002", "1", "SCT", "", name, iban, amount, "", "", text])


def _cut(text: str, most: int) -> str:
    """In one line, and no more bytes than the code's whole room allows."""
    return " ".join(text.split())[:most]


def iban_in(text: str) -> str:
    """The first valid IBAN in a text, without blanks; "" where there is none."""
    for found in _IBAN.finditer(text):
        # A word that follows may look like one more group: shortened until it is valid.
        groups = found[1].split(" ")
        for size in range(len(groups), 0, -1):
            iban = "".join(groups[:size])
            if 15 <= len(iban) <= 34 and _is_valid(iban):
                return iban
    return ""


def _is_valid(iban: str) -> bool:
    digits = "".join(str(int(char, 36)) for char in iban[4:] + iban[:4])
    return int(digits) % 97 == 1


def svg_of(text: str) -> str:
    """The code as SVG of one path; "" where the text is too long for one."""
    try:
        # A fixed mask: to compare all eight takes longer than to draw the page.
        code = segno.make_qr(text, error="m", mask=2, boost_error=False)
    except segno.DataOverflowError:
        return ""
    return str(code.svg_inline(border=0, dark="#16323f", svgclass=None, lineclass=None))
