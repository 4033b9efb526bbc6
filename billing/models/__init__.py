"""Rates, invoices and their lines, by subject."""

from billing.models.claims import (
    Authorization,
    Claim,
    ClaimBatch,
    ClaimFinding,
    ClaimProfile,
)
from billing.models.documents import InvoiceDocument, StatementDocument, StoredFile
from billing.models.dunning import DunningNotice, DunningStep
from billing.models.invoices import (
    Invoice,
    InvoiceCounter,
    InvoiceLine,
    UnpricedTrip,
)
from billing.models.payments import Allocation, Payment, ProviderEvent
from billing.models.rates import PlaceCode, Rate
from billing.models.statements import Statement, StatementCounter, StatementItem

__all__ = [
    "Allocation",
    "Authorization",
    "Claim",
    "ClaimBatch",
    "ClaimFinding",
    "ClaimProfile",
    "DunningNotice",
    "DunningStep",
    "Invoice",
    "InvoiceCounter",
    "InvoiceDocument",
    "InvoiceLine",
    "Payment",
    "PlaceCode",
    "ProviderEvent",
    "Rate",
    "Statement",
    "StatementCounter",
    "StatementDocument",
    "StatementItem",
    "StoredFile",
    "UnpricedTrip",
]
