"""The admin pages of billing, by subject; Django finds this module by its name."""

from billing.admin import invoices, rates

__all__ = ["invoices", "rates"]
