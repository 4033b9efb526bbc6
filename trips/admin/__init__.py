"""The admin's pages of this app: what people keep in order, and history that is only read."""

from trips.admin import company, fleet, history, outbox, positions

__all__ = ["company", "fleet", "history", "outbox", "positions"]
