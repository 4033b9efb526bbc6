"""What every payment provider's messages come to (pure)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


class BadMessage(ValueError):
    """A signed body that cannot be read; the text does not repeat it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderMoney:
    """Money that a provider tells of. `paid`: it came in; else it went back or is disputed.

    `event_id` is the message's own, `reference` the payment's; `currency` in capital letters.
    """

    event_id: str
    type: str
    reference: str
    amount_cents: int
    currency: str
    invoice_number: str
    occurred_at: datetime
    paid: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """`is_signed(header, secrets, body, now_s)`; `read(body)`: None for what is not about money."""

    header: str
    is_signed: Callable[[str, Sequence[str], bytes, float], bool]
    read: Callable[[bytes], ProviderMoney | None]
