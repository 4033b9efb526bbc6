"""Rates, invoices and their lines, by subject."""

from billing.models.invoices import Invoice, InvoiceCounter, InvoiceDocument, InvoiceLine
from billing.models.rates import Rate

__all__ = ["Invoice", "InvoiceCounter", "InvoiceDocument", "InvoiceLine", "Rate"]
