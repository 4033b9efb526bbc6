"""Where documents are kept is one setting: PostgreSQL, or a bucket of a real S3 client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage, storages
from django.test import override_settings

from billing.invoices import issue_invoice
from billing.models import InvoiceDocument, StoredFile
from billing.pdf import DocumentDamaged, document_of
from config.storage import DatabaseStorage, storage_settings
from devtools.bootstrap import ROOT
from tests.cast import Cast


class Bucket(BaseHTTPRequestHandler):
    """The requests of S3 that our documents need: put, get and head one object."""

    objects: dict[str, bytes]
    signed: list[bool]

    def _answer(self, status: int, body: bytes = b"", size: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if size is None else size))
        self.send_header("ETag", '"x"')
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        """Keep the body."""
        self.signed.append("AWS4-HMAC-SHA256" in self.headers.get("Authorization", ""))
        self.objects[self.path] = self._body()
        self._answer(200)

    def do_GET(self) -> None:
        """The object."""
        found = self.objects.get(self.path)
        self._answer(200, found) if found is not None else self._answer(404)

    def do_HEAD(self) -> None:
        """Whether it is there."""
        found = self.objects.get(self.path)
        self._answer(404) if found is None else self._answer(200, size=len(found))

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "chunked" not in self.headers.get("Content-Encoding", ""):
            return body
        # botocore signs in chunks: size, CRLF, bytes, CRLF, …, 0 and a checksum.
        content = b""
        while body:
            size, _, body = body.partition(b"\r\n")
            length = int(size.split(b";")[0], 16)
            if not length:
                break
            content, body = content + body[:length], body[length + 2 :]
        return content

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    """An S3 server on this machine, and the settings that point at it."""
    served = type("Served", (Bucket,), {"objects": {}, "signed": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), served)
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    endpoint = f"http://127.0.0.1:{server.server_port}"
    chosen = storage_settings("s3", "papers/atw", endpoint, "eu-north-1")
    with override_settings(STORAGES={"default": chosen, "staticfiles": chosen}):
        yield served
    server.shutdown()
    server.server_close()


def test_without_a_setting_documents_are_in_postgresql() -> None:
    assert isinstance(storages["default"], DatabaseStorage)
    assert storage_settings("database", "", "", "")["BACKEND"] == "config.storage.DatabaseStorage"


@pytest.mark.django_db
def test_the_database_keeps_files_by_name() -> None:
    assert default_storage.save("a/b.pdf", ContentFile(b"one")) == "a/b.pdf"
    assert default_storage.save("a/b.pdf", ContentFile(b"one")) == "a/b.pdf"
    assert default_storage.exists("a/b.pdf")
    assert default_storage.size("a/b.pdf") == 3
    with default_storage.open("a/b.pdf") as file:
        assert file.read() == b"one"
    default_storage.delete("a/b.pdf")
    assert not default_storage.exists("a/b.pdf")
    with pytest.raises(FileNotFoundError):
        default_storage.open("a/b.pdf")
    with pytest.raises(ValueError, match="only be read"):
        default_storage.open("a/b.pdf", "wb")


@pytest.mark.django_db
def test_with_s3_the_bucket_has_the_bytes_and_the_database_the_seal(
    cast: Cast, bucket: type[Bucket]
) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    pdf = document_of(invoice)
    kept = InvoiceDocument.objects.get(invoice=invoice)
    assert bucket.objects == {f"/papers/atw/{kept.name}": pdf}
    assert bucket.signed == [True]
    assert not StoredFile.objects.exists()
    assert document_of(invoice) == pdf


@pytest.mark.django_db
def test_what_a_bucket_changed_or_lost_is_not_sent(cast: Cast, bucket: type[Bucket]) -> None:
    invoice = issue_invoice(cast.trip_in("completed").pk)
    document_of(invoice)
    path = next(iter(bucket.objects))
    bucket.objects[path] += b"%"
    with pytest.raises(DocumentDamaged, match="not what was sent"):
        document_of(invoice)
    del bucket.objects[path]
    with pytest.raises(DocumentDamaged, match="not in the storage"):
        document_of(invoice)


def test_the_bucket_must_be_named() -> None:
    with pytest.raises(ValueError, match="ATW_S3_BUCKET"):
        storage_settings("s3", "", "", "")


@pytest.mark.parametrize(
    ("kind", "bucket", "said"),
    [("s3", "papers", "S3Storage"), ("database", "", "DatabaseStorage"), ("disk", "", "Error")],
)
def test_the_environment_chooses(kind: str, bucket: str, said: str) -> None:
    code = "from config import settings; print(settings.STORAGES['default']['BACKEND'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"ATW_DOCUMENTS": kind, "ATW_S3_BUCKET": bucket, "ATW_DATA": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in done.stdout + done.stderr
