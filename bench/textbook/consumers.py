"""One consumer per socket, one group per trip, one for the dispatchers."""

from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer


class LiveConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """Passes on what its group is sent."""

    group = "dispatch"

    async def connect(self) -> None:
        """Join the group."""
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave the group."""
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def gps_update(self, event: dict[str, Any]) -> None:
        """A position."""
        await self.send_json(event)

    async def trip_event(self, event: dict[str, Any]) -> None:
        """A status."""
        await self.send_json(event)


class DispatchConsumer(LiveConsumer):
    """`/ws/dispatch/`"""


class TripConsumer(LiveConsumer):
    """`/ws/trips/{id}/`"""

    async def connect(self) -> None:
        """Join the trip's group."""
        self.group = f"trip_{self.scope['url_route']['kwargs']['trip_id']}"
        await super().connect()
