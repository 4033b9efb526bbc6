"""Asking for the dispatcher's pages, and reading them as a person would."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from django.test import Client
from django.urls import reverse

from users.models import User


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, route: str, *args: Any, status: int = 200, **query: Any) -> str:
    """The text of a page without its tags."""
    answer = client.get(reverse(f"fleet:{route}", args=args), query)
    assert answer.status_code == status, answer.content[:500]
    return words(answer)


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def send(client: Client, route: str, *args: Any, **fields: Any) -> Any:
    return client.post(reverse(f"fleet:{route}", args=args), fields, follow=True)


def rows_of(client: Client, route: str, **query: Any) -> list[dict[str, str]]:
    answer = client.get(reverse(f"fleet:{route}"), {**query, "csv": "1"})
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))
