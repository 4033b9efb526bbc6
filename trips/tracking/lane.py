"""One asynchronous PostgreSQL connection, reopened after it broke."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connections

Statement = tuple[str, Sequence[Any]]


class Unavailable(Exception):
    """The database did not do it in time; nothing was kept, try again."""


class Lane:
    """Runs one statement at a time, each within `timeout_s`, each its own transaction."""

    def __init__(self, timeout_s: float = 1.5) -> None:
        self._timeout_s = timeout_s
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()

    async def run(self, *statements: Statement) -> list[Any]:
        """The rows of the last statement; psycopg's data errors pass, others: Unavailable."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._run(statements)
            except (psycopg.OperationalError, psycopg.InterfaceError, TimeoutError, OSError) as exc:
                await self._drop()
                raise Unavailable(type(exc).__name__) from exc

    async def _run(self, statements: Sequence[Statement]) -> list[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                **_parameters(), autocommit=True, connect_timeout=2
            )
        if len(statements) == 1:
            return await self._execute(self._connection, *statements[0])
        async with self._connection.transaction():
            for statement in statements:
                rows = await self._execute(self._connection, *statement)
        return rows

    async def _execute(
        self, connection: psycopg.AsyncConnection[Any], query: str, parameters: Sequence[Any]
    ) -> list[Any]:
        cursor = await connection.execute(query.encode(), parameters, prepare=True)
        return await cursor.fetchall() if cursor.description else []

    async def _drop(self) -> None:
        if self._connection is not None:
            broken, self._connection = self._connection, None
            await broken.close()


def _parameters() -> dict[str, Any]:
    given = connections["default"].settings_dict
    return {
        "dbname": given["NAME"],
        "user": given["USER"],
        "password": given["PASSWORD"],
        "host": given["HOST"],
        "port": given["PORT"],
        "application_name": "atw-gps",
    }
