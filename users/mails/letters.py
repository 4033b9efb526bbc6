"""What a mail says, before it has a form: the layout makes HTML and text of the same letter (pure).

Each kind of mail is a function that gives a `Letter`. Words are translated where they are written,
so a letter is in one language, and both of its forms say the same.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Tone(StrEnum):
    """The colour on top: nothing special, good news, a change, something wrong."""

    PLAIN = "plain"
    GOOD = "good"
    CHANGE = "change"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str
    block: ClassVar[str] = "words"


@dataclass(frozen=True, slots=True)
class Aside:
    """A paragraph in small print."""

    text: str
    block: ClassVar[str] = "aside"


@dataclass(frozen=True, slots=True)
class When:
    """A day and a time of day, large; `before` is what held until now."""

    day: str
    clock: str
    label: str = ""
    before: str = ""
    block: ClassVar[str] = "when"


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels and values, one pair a line."""

    rows: tuple[tuple[str, str], ...]
    block: ClassVar[str] = "facts"


@dataclass(frozen=True, slots=True)
class Button:
    """The one thing to do."""

    label: str
    url: str
    block: ClassVar[str] = "button"


@dataclass(frozen=True, slots=True)
class Listing:
    """A titled list: what begins each line, what it says, and what is muted at its end."""

    title: str
    rows: tuple[tuple[str, str, str], ...]
    block: ClassVar[str] = "listing"


@dataclass(frozen=True, slots=True)
class Figures:
    """A few large numbers beside each other, with what they count."""

    rows: tuple[tuple[str, str], ...]
    block: ClassVar[str] = "figures"


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG that travels with the mail; `alt` says in words all that it shows."""

    name: str
    png: bytes
    alt: str
    block: ClassVar[str] = "picture"


Block = Words | Aside | When | Facts | Button | Listing | Figures | Picture


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with its full content type."""

    name: str
    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail in one language. `subject` carries no name, address or diagnosis; nor does the rest
    carry a diagnosis or a full address. `preview` is what a mailbox shows beside the subject.
    """

    subject: str
    heading: str
    blocks: tuple[Block, ...]
    preview: str = ""
    tone: Tone = Tone.PLAIN
    attachments: tuple[Attachment, ...] = ()


def facts(*rows: tuple[str, str | None]) -> Facts:
    """The pairs that have a value."""
    return Facts(tuple((label, value) for label, value in rows if value))
