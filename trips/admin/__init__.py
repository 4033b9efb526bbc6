"""The admin's pages of this app: what people keep in order, and history that is only read."""

from django.contrib import admin

from trips.admin import (
    attachments,
    company,
    estimates,
    evidence,
    fleet,
    history,
    outbox,
    positions,
    reports,
    standing,
)

admin.site.site_header = admin.site.site_title = "ATW Backend"
admin.site.index_title = "Administration"

__all__ = [
    "attachments",
    "company",
    "estimates",
    "evidence",
    "fleet",
    "history",
    "outbox",
    "positions",
    "reports",
    "standing",
]
