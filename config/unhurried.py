"""Requests that run to their end, whoever hung up meanwhile.

Django cancels what waits for a view when the client goes away; the view's thread goes on and
commits. Nothing that has to follow a change, such as its audit, may depend on the client's
patience.
"""

import asyncio
from typing import Any

from config.body_bound import App, Receive, Scope, Send


class Unhurried:
    """An ASGI application that hears of a disconnect only while its body is being read."""

    def __init__(self, application: App) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        body_read = False

        async def patient_receive() -> Any:
            nonlocal body_read
            if body_read:
                await asyncio.Event().wait()
            message = await receive()
            body_read = message["type"] == "http.request" and not message.get("more_body")
            return message

        await self.application(scope, patient_receive, send)
