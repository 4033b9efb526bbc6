"""The admin pages of billing, by subject; Django finds this module by its name."""

from billing.admin import claims, documents, invoices, payments, rates

__all__ = ["claims", "documents", "invoices", "payments", "rates"]
