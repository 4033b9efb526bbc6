"""Stripe's webhooks: `Stripe-Signature: t=…,v1=…`, events with an object in `data` (pure).

A payment names its invoice in the metadata of the payment intent: `invoice_number`.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from billing.providers.base import BadMessage, Provider, ProviderMoney
from users import signatures

#: Event types about money, and the field of their object that has the amount.
_PAID = {"payment_intent.succeeded": "amount_received"}
_BACK = {"charge.refunded": "amount_refunded", "charge.dispute.created": "amount"}
_AMOUNTS = _PAID | _BACK
MOST_CENTS = 2**31 - 1
LONGEST = 120


def is_signed(header: str, secrets: Sequence[str], body: bytes, now_s: float) -> bool:
    """Whether one of the secrets made the signature: two of them while they are exchanged."""
    return any(signatures.is_valid(header, secret, body, now_s) for secret in secrets)


def read(body: bytes) -> ProviderMoney | None:
    """What the event says of money, or None; BadMessage where it is no event of Stripe's."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise BadMessage("The body is not JSON.") from None
    event = _object(event, "The body")
    type_ = _text(event, "type", 64)
    if type_ not in _AMOUNTS:
        return None
    about = _object(_object(event.get("data"), "data").get("object"), "data.object")
    metadata = about.get("metadata")
    number = metadata.get("invoice_number", "") if isinstance(metadata, dict) else ""
    paid = type_ in _PAID
    return ProviderMoney(
        event_id=_text(event, "id", LONGEST),
        type=type_,
        reference=_text(about, "id" if paid else "payment_intent", LONGEST),
        amount_cents=_whole(about, _AMOUNTS[type_], MOST_CENTS),
        currency=_currency(about),
        invoice_number=_printable(number)[:64] if isinstance(number, str) else "",
        occurred_at=datetime.fromtimestamp(_whole(event, "created", 2**33), UTC),
        paid=paid,
    )


PROVIDER = Provider("Stripe-Signature", is_signed, read)


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadMessage(f"{name} is not an object.")
    return value


def _text(about: Mapping[str, Any], name: str, most: int) -> str:
    value = about.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most or _printable(value) != value:
        raise BadMessage(f"{name} is not a text of 1 to {most} characters.")
    return value


def _currency(about: Mapping[str, Any]) -> str:
    code = _text(about, "currency", 3)
    # Some letters are several in capitals.
    if not code.isascii():
        raise BadMessage("currency is not a code of 3 letters.")
    return code.upper()


def _whole(about: Mapping[str, Any], name: str, most: int) -> int:
    value = about.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise BadMessage(f"{name} is not a whole number above 0.")
    return value


def _printable(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign) not in ("Cc", "Cs"))
