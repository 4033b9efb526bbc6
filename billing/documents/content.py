"""What stands on a page, ready to print (pure): words and amounts, no models and no arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

#: What a long text is cut to, by the field that holds it; a page is no place for more.
MOST = {"name": 120, "below": 120, "value": 80, "text": 200, "code": 16, "rows": 80}
MOST_TEXT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who sends it, or who gets it: a name and the lines below it."""

    name: str
    below: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One label with its value. `strong` ones are what a reader looks for first."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One line of an invoice; `hint` says what it rests on."""

    code: str
    modifiers: str
    text: str
    hint: str
    quantity: str
    price: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How to pay: in words, and as a code to scan (SVG, "" for none)."""

    title: str
    text: Sequence[str]
    facts: Sequence[Fact]
    qr_svg: str = ""
    qr_caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every document has. `paper` is Typst's name of it, `language` two letters."""

    title: str
    number: str
    issued_on: date
    language: str
    paper: str
    page_words: tuple[str, str]
    sender: Party
    sender_facts: Sequence[Fact]
    to_label: str
    receiver: Party
    facts: Sequence[Fact]
    headline: Fact
    headline_note: str
    columns: Sequence[str]
    sums: Sequence[Fact]
    stamp: str = ""
    note: str = ""
    payment: Payment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePage(Page):
    """An invoice, a co-pay or a credit note; `service` says which trip it is for."""

    service: Sequence[Fact]
    lines: Sequence[Charge]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage(Page):
    """A month's invoices and credit notes, a row each with a text per column."""

    rows: Sequence[Sequence[str]]


def paper_of(currency: str) -> str:
    """Letter paper where it is in the trays, A4 elsewhere."""
    return "us-letter" if currency in {"USD", "CAD", "MXN", "COP", "CLP", "PHP"} else "a4"
