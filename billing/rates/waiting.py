"""Waiting time as increments (pure)."""

from billing.rates.cards import RateCard, WaitRounding


def increments(wait_minutes: int, card: RateCard) -> int:
    """Paid increments: after the grace time, up to the cap, rounded as the rate says."""
    billable = max(0, wait_minutes - card.wait_grace_minutes)
    if card.wait_cap_minutes is not None:
        billable = min(billable, card.wait_cap_minutes)
    step = card.wait_increment_minutes
    match card.wait_rounding:
        case WaitRounding.STARTED:
            return -(-billable // step)
        case WaitRounding.COMPLETED:
            return billable // step
    return (2 * billable + step) // (2 * step)
