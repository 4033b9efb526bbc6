"""Signatures and photos: what came, and what became of it."""

from django.contrib import admin

from config.admin_base import History
from trips.models import Attachment


@admin.register(Attachment)
class AttachmentAdmin(History):
    """Pictures of stops. They are looked at on the trip's page, not here."""

    list_display = ("id", "trip_id", "kind", "stop", "state", "reason", "sent_by", "received_at")
    list_filter = ("state", "kind", "stop")
    list_select_related = ("sent_by",)
    number_fields = ("pk", "trip_id")
