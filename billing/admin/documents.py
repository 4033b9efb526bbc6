"""Documents and stored files can only be read: which there are, and how large."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest

from billing.models import InvoiceDocument, StatementDocument, StoredFile
from config.admin_base import History


@admin.register(InvoiceDocument)
class InvoiceDocumentAdmin(History):
    list_display = ("name", "invoice", "size_bytes", "created_at")
    list_select_related = ("invoice",)


@admin.register(StatementDocument)
class StatementDocumentAdmin(History):
    list_display = ("name", "statement", "size_bytes", "created_at")
    list_select_related = ("statement",)


@admin.register(StoredFile)
class StoredFileAdmin(History):
    list_display = ("name", "size_bytes", "created_at")
    search_fields = ("name",)
    exclude = ("content",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With their sizes, without the files themselves."""
        rows = super().get_queryset(request).defer("content")
        sized: QuerySet[Any] = rows.annotate(size=Length("content"))
        return sized

    @admin.display
    def size_bytes(self, file: StoredFile) -> int:
        """As stored."""
        size: int = getattr(file, "size")  # noqa: B009 - annotated above
        return size
