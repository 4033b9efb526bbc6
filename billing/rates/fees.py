"""What a trip costs that was not driven (pure)."""

from decimal import Decimal

from billing.rates.cards import RateCard
from billing.rates.codes import CANCEL_CODE, NO_SHOW_CODE
from billing.rates.facts import Line, Outcome, TripFacts

#: Who cancels without a fee: it was nobody's wish.
NOT_CHARGED = frozenset({"system"})


def fee(facts: TripFacts, card: RateCard) -> list[Line]:
    """One line, or none where it costs nothing."""
    if facts.outcome is Outcome.NO_SHOW:
        amount, code, words = card.no_show_cents, NO_SHOW_CODE, "No-show"
    else:
        amount, code = _cancel_cents(facts, card), CANCEL_CODE
        words = f"Cancelled {facts.cancel_kind.replace('_', ' ')}"
    if not amount:
        return []
    return [
        Line(
            code=code,
            description=f"{words}, {facts.mobility.replace('_', ' ')}",
            quantity=Decimal(1),
            unit="trip",
            unit_cents=amount,
            amount_cents=amount,
            rule=f"{card.version}: fee, {words.lower()}",
            rate_id=card.rate_id,
            evidence=dict(facts.evidence.get("end", {})),
        )
    ]


def _cancel_cents(facts: TripFacts, card: RateCard) -> int:
    if facts.cancelled_by in NOT_CHARGED:
        return 0
    by_kind = {
        "same_day": card.cancel_same_day_cents,
        "late": card.cancel_late_cents,
        "at_door": card.cancel_at_door_cents,
    }
    return by_kind.get(facts.cancel_kind, 0)
