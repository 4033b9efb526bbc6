"""The four sockets: they authenticate, parse frames and call the hub."""

import asyncio
import logging
import time
from typing import Any, ClassVar

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.urls import re_path

from config.addresses import network_of, of_scope
from config.buckets import Bucket
from config.problems import DATABASE_AWAY
from trips import access, links
from trips.events.streams import BOARD, trip_stream, user_stream
from trips.realtime import counted, credentials, messages
from trips.realtime.credentials import Credential
from trips.realtime.hub import (
    CLOSE_FORBIDDEN,
    CLOSE_NOT_FOUND,
    CLOSE_RECONNECT,
    CLOSE_TOO_SLOW,
    CLOSE_UNAUTHENTICATED,
    hub,
)
from trips.realtime.opened import opened
from trips.realtime.outbox import Outbox
from trips.realtime.projections import Audience, audience_of
from trips.realtime.seats import seats
from trips.realtime.sockets import Socket
from trips.realtime.stream import read
from users.models import User
from users.roles import Permission, may

logger = logging.getLogger(__name__)

#: A client that says nothing after `hello` gets a snapshot.
RESUME_WITHIN_S = 1.0
#: Bad frames that a socket may send before it is closed.
MOST_BAD_FRAMES = 20
#: Each is a reading of the database; one a second is given back.
MOST_RESUMES = 20
#: Trips that a socket may choose.
MOST_SUBSCRIBED = 1_000
# daphne sends no code below 4000 but 1000: 1008 and 1013 would end as 1011.
CLOSE_POLICY, CLOSE_TRY_LATER = 4400, 4503


class Refused(Exception):
    """The socket is accepted and closed with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class StreamConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One numbered stream over one socket. Subclasses say which, and to whom."""

    # The hub has the process's one subscription to the layer; a channel per socket would
    # cost ten times the CPU and lose messages.
    channel_layer_alias = "none"
    batch: ClassVar[bool] = False
    #: Its address without values, for the audit.
    route: ClassVar[str] = ""
    socket: Socket | None = None

    async def admit(self) -> Socket:
        """The socket for this handshake; raises Refused."""
        raise NotImplementedError

    async def connect(self) -> None:
        self._writer: asyncio.Task[None] | None = None
        self._first_join: asyncio.Task[None] | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._joining = asyncio.Lock()
        self._resumed = self._closed = False
        self._bad_frames = 0
        self._closed_with: int | None = None
        self._seats: list[str] = []
        self._resumes = Bucket()
        await self.accept(subprotocol=credentials.echoed(self.scope))
        try:
            self._sit(f"at {network_of(of_scope(self.scope))}", settings.MAX_ADDRESS_SOCKETS)
            self.socket = await self.admit()
            counted.introduce(self.scope, self.route, self.socket)
            if login := self.socket.credential:
                self._sit(f"of {login.user_id}", settings.MAX_USER_SOCKETS)
            await self._hello(self.socket)
            if hub.leaving:
                raise Refused(CLOSE_RECONNECT)
            opened(self.scope, self.route, self.socket)
        except Refused as refusal:
            await self._close(refusal.code)
        except DATABASE_AWAY:
            await self._close(CLOSE_TRY_LATER)

    def _sit(self, key: str, most: int) -> None:
        if not seats.take(key, most):
            raise Refused(CLOSE_TRY_LATER)
        self._seats.append(key)

    async def _hello(self, socket: Socket) -> None:
        hello = await hub.open(socket)
        self._epoch = hello.epoch
        socket.put(hello)
        self._writer = asyncio.create_task(self._write(socket))
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(RESUME_WITHIN_S, self._snapshot_unless_resumed)

    def _snapshot_unless_resumed(self) -> None:
        self._patience = None
        if not self._resumed:
            self._first_join = asyncio.create_task(self._join(None, resuming=False))

    async def _join(self, since: int | None, *, resuming: bool) -> None:
        self._resumed = True
        async with self._joining:
            if self.socket is None or self._closed:
                return
            try:
                await hub.join(self.socket, since, resuming=resuming)
            except DATABASE_AWAY:
                await self._close(CLOSE_TRY_LATER)

    async def _write(self, socket: Socket) -> None:
        """Send what the hub puts into the outbox, until the socket ends or is too slow."""
        outbox = socket.outbox
        try:
            while not outbox.overflowed:
                for text in outbox.take(time.monotonic()):
                    # What `self.send` does, without its two calls in between.
                    await self.base_send({"type": "websocket.send", "text": text})
                counted.written(outbox)
                await outbox.woken(time.monotonic())
        except Exception as exc:
            # Never a socket that looks alive and is sent nothing: the client resumes.
            logger.warning("socket given up: %s", type(exc).__name__)
        await self._close(CLOSE_TOO_SLOW)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self.socket is None or self._closed:
            return
        try:
            if text_data is None:
                raise messages.BadFrame("Frames are JSON text, not binary.")
            await self._on_frame(self.socket, messages.decode(text_data))
        except messages.BadFrame as exc:
            await self._on_bad_frame(self.socket, str(exc))

    async def _on_frame(self, socket: Socket, frame: messages.FromClient) -> None:
        match frame:
            case messages.Resume():
                if self._resumes.take(1, time.monotonic(), per_s=1, burst=MOST_RESUMES):
                    raise messages.BadFrame("Too many resumes; wait a second.")
                since = frame.since if frame.epoch == self._epoch else None
                await self._join(since, resuming=frame.epoch is not None)
            case messages.Subscribe():
                if len(frame.trips or ()) > MOST_SUBSCRIBED:
                    raise messages.BadFrame(f"At most {MOST_SUBSCRIBED} trips.")
                socket.only_trips = None if frame.trips is None else frozenset(frame.trips)
            case messages.Ack():
                socket.outbox.acknowledge(frame.frames)
            case messages.Gps():
                await self._on_gps(socket, frame)

    async def _on_gps(self, socket: Socket, frame: messages.Gps) -> None:
        from trips.tracking.ingest import take_frame
        from trips.tracking.intake import TooFast
        from trips.tracking.lane import Unavailable

        login = socket.credential
        if login is None or not may(login.role, Permission.DRIVE):
            raise messages.BadFrame("Only drivers send positions.")
        try:
            answer = await take_frame(login.user_id, frame, socket.trip_id)
        except (Unavailable, TooFast):
            error = messages.Error("unavailable", "Not kept; send it again.", frame.ref)
            socket.put(error)
        else:
            socket.put(answer)

    async def _on_bad_frame(self, socket: Socket, detail: str) -> None:
        socket.put(messages.Error("bad_frame", detail[:300]))
        self._bad_frames += 1
        if self._bad_frames > MOST_BAD_FRAMES:
            await self._close(CLOSE_POLICY)

    async def _close(self, code: int) -> None:
        if not self._closed:
            self._closed, self._closed_with = True, code
            await self.close(code)

    async def disconnect(self, code: int) -> None:
        self._closed = True
        counted.closed(self._closed_with, code)
        while self._seats:
            seats.release(self._seats.pop())
        if self.socket is not None:
            hub.leave(self.socket)
        for pending in (self._writer, self._first_join, self._patience):
            if pending is not None:
                pending.cancel()

    def _socket(
        self,
        stream: str,
        audience: Audience,
        credential: Credential | None,
        trip_id: int | None = None,
    ) -> Socket:
        outbox = Outbox(batch=self.batch, opened_at=time.monotonic())
        return Socket(stream, audience, credential, outbox, self._close, trip_id)

    async def _login(self) -> tuple[Credential, User]:
        login: tuple[Credential, User] | None = await read(credentials.authenticate, self.scope)
        if login is None:
            raise Refused(CLOSE_UNAUTHENTICATED)
        return login


class BoardConsumer(StreamConsumer):
    """`/ws/dispatch/`: the whole board."""

    batch = True
    route = "/ws/dispatch/"

    async def admit(self) -> Socket:
        credential, user = await self._login()
        if not user.may(Permission.SEE_BOARD):
            raise Refused(CLOSE_FORBIDDEN)
        return self._socket(BOARD, Audience.DISPATCH, credential)


class TripConsumer(StreamConsumer):
    """`/ws/trips/{id}/`: one trip, for who may see it."""

    route = "/ws/trips/<trip_id>/"

    async def admit(self) -> Socket:
        credential, user = await self._login()
        trip_id = int(self.scope["url_route"]["kwargs"]["trip_id"])
        if not await read(_may_see, user, trip_id):
            raise Refused(CLOSE_NOT_FOUND)
        return self._socket(trip_stream(trip_id), audience_of(user), credential, trip_id)


class MeConsumer(StreamConsumer):
    """`/ws/me/`: one's own notices, and a driver's assignments."""

    route = "/ws/me/"

    async def admit(self) -> Socket:
        credential, user = await self._login()
        return self._socket(user_stream(user.pk), audience_of(user), credential)


class TrackConsumer(StreamConsumer):
    """`/ws/track/{signed}/`: an expiring public link, one trip, redacted."""

    route = "/ws/track/<signed>/"

    async def admit(self) -> Socket:
        if not credentials.origin_allowed(self.scope, required=False):
            raise Refused(CLOSE_UNAUTHENTICATED)
        trip_id = await read(links.read, self.scope["url_route"]["kwargs"]["signed"])
        if trip_id is None:
            raise Refused(CLOSE_NOT_FOUND)
        return self._socket(trip_stream(trip_id), Audience.PUBLIC, None, trip_id)


class UnknownConsumer(StreamConsumer):
    """Any other address: accepted and closed as not found, like an absent trip."""

    async def admit(self) -> Socket:
        raise Refused(CLOSE_NOT_FOUND)


def _may_see(user: Any, trip_id: int) -> bool:
    return access.visible_trips(user).filter(pk=trip_id).exists()


routes = [
    re_path(r"^ws/dispatch/$", BoardConsumer.as_asgi()),
    re_path(r"^ws/trips/(?P<trip_id>\d{1,18})/$", TripConsumer.as_asgi()),
    re_path(r"^ws/me/$", MeConsumer.as_asgi()),
    re_path(r"^ws/track/(?P<signed>[\w:.-]{1,200})/$", TrackConsumer.as_asgi()),
    re_path(r"", UnknownConsumer.as_asgi()),
]
