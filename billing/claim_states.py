"""States of claims and of their batches, and what they follow from (pure)."""

from collections.abc import Iterable
from enum import StrEnum


class ClaimState(StrEnum):
    """Of one trip in a batch. A rejected one may be claimed again in another batch."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PAID = "paid"


class BatchState(StrEnum):
    """`draft` and `ready` are ours; from `submitted` on the payer has it."""

    DRAFT = "draft"
    READY = "ready"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PARTLY_REJECTED = "partly_rejected"
    REJECTED = "rejected"
    PAID = "paid"


#: The payer has it: what was sent never changes.
AWAY = frozenset(BatchState) - {BatchState.DRAFT, BatchState.READY}

#: What a payer may say after what it said. The same again is no news.
ANSWERS: dict[ClaimState, frozenset[ClaimState]] = {
    ClaimState.PENDING: frozenset({ClaimState.ACCEPTED, ClaimState.REJECTED, ClaimState.PAID}),
    ClaimState.ACCEPTED: frozenset({ClaimState.PAID, ClaimState.REJECTED}),
    # It may be in another batch by now; a payer that changes its mind answers that one.
    ClaimState.REJECTED: frozenset(),
    ClaimState.PAID: frozenset(),
}


def state_of_batch(claims: Iterable[ClaimState]) -> BatchState:
    """The state of a submitted batch with claims in these states (at least one)."""
    states = set(claims)
    if ClaimState.PENDING in states:
        return BatchState.SUBMITTED
    if states == {ClaimState.REJECTED}:
        return BatchState.REJECTED
    if states <= {ClaimState.PAID, ClaimState.REJECTED}:
        return BatchState.PAID
    return BatchState.PARTLY_REJECTED if ClaimState.REJECTED in states else BatchState.ACCEPTED
