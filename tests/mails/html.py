"""Reading a mail's HTML as a person and as a mail program would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "link", "input"}
_FETCHING = ("src", "background", "poster", "srcset")


@dataclass
class Read(HTMLParser):
    """A parsed page: what is seen, where it leads, what it would fetch, what is not closed."""

    open: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    alts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            if name == "alt":
                self.alts.append(value or "")
            if name in _FETCHING or tag == "link":
                self.fetched.append(value or "")
            if name == "style" and "url(" in (value or ""):
                self.fetched.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title") and data.strip():
            self.words.append(" ".join(data.split()))


def read(html: str) -> Read:
    page = Read()
    page.feed(html)
    page.close()
    page.faults += page.open
    return page


def flat(text: str) -> str:
    """One line."""
    return re.sub(r"\s+", " ", text)
