"""Where documents are kept: PostgreSQL, or S3 by setting. Never the disk of a web container.

Django's `default_storage` is the one door to it. Files are written once under names that no
other content has, so a name that is taken holds the same bytes already.
"""

from io import BytesIO
from typing import IO, Any

from django.apps import apps
from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

KINDS = ("database", "s3")


def storage_settings(kind: str, bucket: str, endpoint: str, region: str) -> dict[str, Any]:
    """Django's STORAGES["default"]. `bucket` is `name` or `name/folder`; ValueError without it."""
    if kind == "database":
        return {"BACKEND": "config.storage.DatabaseStorage"}
    name, _, folder = bucket.partition("/")
    if not name:
        raise ValueError("ATW_S3_BUCKET must name the bucket of the documents")
    options: dict[str, Any] = {
        "bucket_name": name,
        "location": folder,
        "region_name": region or None,
        "endpoint_url": endpoint or None,
        # Servers of one's own seldom have a host name for each bucket.
        "addressing_style": "path" if endpoint else "auto",
        # No other content ever has the name, so there is nothing to look up first.
        "file_overwrite": True,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


@deconstructible
class DatabaseStorage(Storage):
    """Files as rows of `billing.StoredFile`, in whatever transaction their document is."""

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("a stored file can only be read")
        row = _files().objects.filter(pk=name).first()
        if row is None:
            raise FileNotFoundError(name)
        return File(BytesIO(bytes(row.content)), name)

    def _save(self, name: str, content: IO[bytes]) -> str:
        content.seek(0)
        data = content.read()
        # Not get_or_create: one statement, and no error of the transaction where it is there.
        _files().objects.bulk_create([_files()(name=name, content=data)], ignore_conflicts=True)
        return name

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """The name itself: what is there under it is the same."""
        return name

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return bool(_files().objects.filter(pk=name).exists())

    def delete(self, name: str) -> None:
        """Forget a file; one that is not there is forgotten already."""
        _files().objects.filter(pk=name).delete()

    def size(self, name: str) -> int:
        """In bytes; FileNotFoundError where there is none."""
        with self._open(name) as file:
            return file.size


def _files() -> Any:
    # Settings name this module before any model can be imported.
    return apps.get_model("billing", "StoredFile")
