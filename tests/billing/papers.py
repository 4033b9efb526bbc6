"""Pages for the tests of drawing, and what can be read out of a PDF."""

from __future__ import annotations

import re
import zlib
from datetime import date
from typing import Any

from billing.documents import qr
from billing.documents.content import Charge, Fact, InvoicePage, Party, Payment, StatementPage

LETTER: dict[str, Any] = {
    "number": "2026-000123",
    "issued_on": date(2026, 11, 20),
    "language": "en",
    "paper": "us-letter",
    "page_words": ("Page", "of"),
    "sender": Party(name="Nordic Care Rides", below=["12 Harbor Way, Oakland CA 94607"]),
    "sender_facts": [Fact(label="Tax ID", value="94-1234567")],
    "to_label": "Billed to",
    "facts": [Fact(label="Due", value="Dec 20, 2026", strong=True)],
    "headline": Fact(label="Amount due", value="USD 94.22"),
    "headline_note": "by Dec 20, 2026",
    "columns": ["Code", "Service", "Quantity", "Price", "Amount (USD)"],
    "sums": [Fact(label="Total", value="USD 94.22", strong=True)],
}


def invoice_page(name: str = "Regional Plan", lines: int = 3, **more: Any) -> InvoicePage:
    """An invoice to `name`, for a rider called the same."""
    line = Charge(
        code="S0209",
        modifiers="RD",
        text="Loaded miles",
        hint="14.2 loaded miles; gps:212 fixes, 98% covered",
        quantity="11.2 mile",
        price="2.50",
        amount="28.00",
    )
    values: dict[str, Any] = {
        "title": "Invoice",
        "receiver": Party(name=name, below=[name]),
        "service": [Fact(label="Trip", value="4711"), Fact(label="Rider", value=name)],
        "lines": [line] * lines,
        "payment": Payment(
            title="How to pay",
            text=[name],
            facts=[],
            qr_svg=qr.svg_of("2026-000123 USD 94.22"),
            qr_caption="Scan for the reference",
        ),
    }
    return InvoicePage(**LETTER | values | more)


def statement_page(rows: int) -> StatementPage:
    """A statement with so many invoices."""
    row = ["Nov 19, 2026", "2026-000123", "4711", "Pia Ek", "94.22"]
    receiver = Party(name="Regional Plan", below=[])
    return StatementPage(**LETTER, title="Statement", receiver=receiver, rows=[row] * rows)


def is_whole(pdf: bytes) -> bool:
    """From its first line to its last."""
    return pdf.startswith(b"%PDF-1.") and pdf.rstrip().endswith(b"%%EOF")


def pages(pdf: bytes) -> int:
    """How many sheets."""
    return len(re.findall(rb"/Type/Page\b(?!s)", pdf))


def is_tagged(pdf: bytes) -> bool:
    """With a structure that can be read aloud."""
    return b"/StructTreeRoot" in pdf and b"/Marked true" in pdf


def standards(pdf: bytes) -> set[str]:
    """What its metadata claims: `A-3` for archives, `UA-1` for everybody's access."""
    found = {"A": rb"<pdfaid:part>(\d)", "UA": rb"<pdfuaid:part>(\d)"}
    hits = {name: re.search(pattern, pdf) for name, pattern in found.items()}
    return {f"{name}-{hit[1].decode()}" for name, hit in hits.items() if hit}


def title(pdf: bytes) -> str:
    """As a reader shows it in its window."""
    hit = re.search(rb"<dc:title>.*?<rdf:li[^>]*>(.*?)</rdf:li>", pdf, re.DOTALL)
    return hit[1].decode() if hit else ""


def glyphs_of(pdf: bytes) -> bytes:
    """Everything that is packed in it, unpacked."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return b"".join(map(_unpacked, streams))


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""
