"""One asynchronous PostgreSQL connection, reopened after it broke."""

import asyncio
from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connections

Statement = tuple[str, Sequence[Any]]
_BROKEN = (psycopg.OperationalError, psycopg.InterfaceError, OSError)


class Unavailable(Exception):
    """The database did not do it in time; nothing was kept, try again."""


class Lane:
    """Runs one call at a time, each in a transaction of its own.

    `timeout_s` bounds a call with its wait for the calls before it.
    """

    def __init__(self, timeout_s: float = 1.5) -> None:
        self._timeout_s = timeout_s
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()

    async def run(self, *statements: Statement) -> list[Any]:
        """The rows of the last statement; psycopg's data errors pass, others: Unavailable."""
        try:
            async with asyncio.timeout(self._timeout_s), self._turn:
                return await self._run_or_drop(statements)
        except (*_BROKEN, TimeoutError) as exc:
            raise Unavailable(type(exc).__name__) from exc

    async def _run_or_drop(self, statements: Sequence[Statement]) -> list[Any]:
        try:
            return await self._run(statements)
        except (*_BROKEN, asyncio.CancelledError):
            # In mid-statement nobody knows what the connection would answer next.
            await self._drop()
            raise

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
