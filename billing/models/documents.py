"""Documents as they were sent: what they are called, and their bytes in the storage."""

from django.db import models

from billing.models.invoices import Invoice
from billing.models.statements import Statement


class StoredFile(models.Model):
    """A file of the storage that is kept in PostgreSQL (`config.storage`)."""

    name = models.CharField(max_length=200, primary_key=True)
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Document(models.Model):
    """Which file of the storage is the document, and the seal that says it is unchanged."""

    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class InvoiceDocument(Document):
    """The PDF of an invoice or a credit note. The row is never changed."""

    invoice = models.OneToOneField(
        Invoice, models.PROTECT, primary_key=True, related_name="document"
    )


class StatementDocument(Document):
    """The PDF of a monthly statement. The row is never changed."""

    statement = models.OneToOneField(
        Statement, models.PROTECT, primary_key=True, related_name="document"
    )
