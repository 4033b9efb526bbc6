"""A letter in its form: one layout as HTML and as text, ready to be sent."""

from email.mime.image import MIMEImage
from email.utils import parseaddr
from functools import cache

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import get_language_bidi

from users.mails.letters import Letter, Picture
from users.mails.people import Reader
from users.mails.pictures import logo_of

LOGO = "logo"
#: For people's own answering machines: this needs no answer (RFC 3834).
_HEADERS = {"Auto-Submitted": "auto-generated"}


@cache
def _inliner() -> css_inline.CSSInliner:
    # What no attribute can say (dark mode, narrow screens) stays in its style element.
    return css_inline.CSSInliner(
        keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False
    )


def html_of(letter: Letter, reader: Reader, *, logo: bool = False) -> str:
    """The letter as a mail's HTML, every style on its element, in the active language."""
    page = render_to_string("users/mail/letter.html", _context(letter, reader) | {"logo": logo})
    return _inliner().inline(page)


def text_of(letter: Letter, reader: Reader) -> str:
    """The same letter as plain text."""
    text = render_to_string("users/mail/letter.txt", _context(letter, reader))
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for n, line in enumerate(lines) if line or lines[n - 1]]
    return "\n".join(kept) + "\n"


def _context(letter: Letter, reader: Reader) -> dict[str, object]:
    return {
        "letter": letter,
        "reader": reader,
        "company": reader.company,
        "language": reader.language,
        "direction": "rtl" if get_language_bidi() else "ltr",
    }


def message_of(letter: Letter, reader: Reader) -> EmailMultiAlternatives:
    """The mail with both forms, its pictures and its files; in the active language."""
    company = reader.company
    logo = logo_of(company)
    message = EmailMultiAlternatives(
        subject=" ".join(letter.subject.split()),  # a line break would forge a header
        body=text_of(letter, reader),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[reader.address],
        reply_to=[company.email] if parseaddr(company.email)[1] else None,
        headers={**_HEADERS, "Content-Language": reader.language},
    )
    message.attach_alternative(html_of(letter, reader, logo=logo is not None), "text/html")
    pictures = {block.name: block.png for block in letter.blocks if isinstance(block, Picture)}
    if logo is not None:
        pictures[LOGO] = logo
    for name, png in pictures.items():
        message.attach(_inline(name, png))
    for file in letter.attachments:
        message.attach(file.name, file.content, file.content_type)
    if not letter.attachments:
        # Then all that is beside the words belongs to them.
        message.mixed_subtype = "related"  # type: ignore[attr-defined]
    return message


def _inline(name: str, png: bytes) -> MIMEImage:
    part = MIMEImage(png, "png")
    part.add_header("Content-ID", f"<{name}>")
    part.add_header("Content-Disposition", "inline", filename=f"{name}.png")
    return part
