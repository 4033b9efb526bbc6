"""What a client of a socket knows, and how each frame changes it (protocol atw.v1).

Pure: no socket, no clock, no randomness. `state.js` of the dashboard is the same in JavaScript,
and `docs/protocol/vectors/*.json` holds both to one behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from trips.lifecycle import ENDED, STARTED

Frame = dict[str, Any]
Status = Literal["live", "catching-up", "offline"]

ACK_EVERY = 64
KEPT_NOTIFICATIONS = 200
POSITION = ("latitude", "longitude", "speed", "heading", "recorded_at")
ETA = ("eta", "lateness_s", "risk", "why", "suggestion")
# A new login or another right is needed: trying again would only repeat the answer.
FINAL_CODES = frozenset({4401, 4403, 4404})
# The server asked us to come back: too slow a reader (4408), a draining server (4012).
PROMPT_CODES = frozenset({4408, 4012})


@dataclass(slots=True)
class Counters:
    frames: int = 0
    duplicates: int = 0
    gaps: int = 0
    resumes: int = 0
    stale: int = 0
    unknown: int = 0


@dataclass(slots=True)
class State:
    """Everything a client shows; times are seconds of the clock that the caller hands in."""

    stream: str | None = None
    epoch: str | None = None
    seq: int | None = None
    status: Status = "offline"
    offline_since: float | None = None
    stopped: int | None = None
    trips: dict[int, Frame] = field(default_factory=dict)
    vehicles: dict[int | str, Frame] = field(default_factory=dict)
    notifications: list[Frame] = field(default_factory=list)
    unread: int = 0
    tasks: dict[str, Frame] = field(default_factory=dict)
    error: Frame | None = None
    last_frame_at: float | None = None
    frames: int = 0
    acked: int = 0
    server_epoch: str | None = None
    waiting: bool = False
    waited_heartbeats: int = 0
    counters: Counters = field(default_factory=Counters)


@dataclass(slots=True)
class Effects:
    """The frames to send, and the fixes that moved a vehicle."""

    send: list[Frame] = field(default_factory=list)
    moved: list[Frame] = field(default_factory=list)


def opened(state: State, now: float) -> Effects:
    """Note that the socket is open; its `hello` follows."""
    state.last_frame_at = now
    state.frames = state.acked = 0
    state.waiting = False
    state.status = "catching-up"
    return Effects()


def closed(state: State, code: int | None, now: float) -> Effects:
    """Note that the socket is closed, with the close code or None."""
    state.waiting = False
    state.status = "offline"
    if code in FINAL_CODES:
        state.stopped = code
    if state.offline_since is None:
        # The last sign of life is what the reader's picture is from, not our noticing.
        state.offline_since = now if state.last_frame_at is None else state.last_frame_at
    return Effects()


def received(state: State, frame: Frame, now: float) -> Effects:
    """Apply one frame; say what to send."""
    out = Effects()
    state.last_frame_at = now
    state.counters.frames += 1
    kind = frame["type"]
    if kind == "hello":
        _hello(state, frame, out)
        return out
    state.frames += 1
    control = _CONTROL.get(kind)
    if control:
        control(state, frame, out)
    elif not isinstance(frame.get("seq"), int):
        _show(state, frame, out)
    else:
        _numbered(state, frame, out)
    if state.frames - state.acked >= ACK_EVERY:
        _acknowledge(state, out)
    return out


def ticked(state: State) -> Effects:
    """Acknowledge what was received since the last time; call it every five seconds."""
    out = Effects()
    if state.frames > state.acked:
        _acknowledge(state, out)
    return out


def reconnect_delay_s(code: int | None, attempt: int, random: float) -> float | None:
    """Seconds to wait before connecting again; None means never.

    `attempt` counts from 0 since the client was last live, `random` lies in [0, 1).
    """
    if code in FINAL_CODES:
        return None
    if code in PROMPT_CODES and attempt == 0:
        return random
    return float(min(15.0, 0.5 * 2 ** min(attempt, 10)) * (0.5 + 0.5 * random))


def _hello(state: State, frame: Frame, out: Effects) -> None:
    state.stream = frame["stream"]
    state.server_epoch = frame["epoch"]
    _resume(state, out)


def _resume(state: State, out: Effects, *, from_scratch: bool = False) -> None:
    frame: Frame = {"type": "resume"}
    if state.epoch is not None and not from_scratch:
        frame |= {"epoch": state.epoch, "since": state.seq}
    out.send.append(frame)
    state.counters.resumes += 1
    state.waiting = True
    state.waited_heartbeats = 0
    state.status = "catching-up"


def _live(state: State) -> None:
    state.waiting = False
    state.status = "live"
    state.offline_since = None


def _acknowledge(state: State, out: Effects) -> None:
    out.send.append({"type": "ack", "frames": state.frames})
    state.acked = state.frames


def _snapshot(state: State, frame: Frame, out: Effects) -> None:
    trips, vehicles = state.trips, state.vehicles
    state.trips = {trip["id"]: trip for trip in frame.get("trips", ())}
    state.vehicles = {vehicle["id"]: vehicle for vehicle in frame.get("vehicles", ())}
    if state.epoch == state.server_epoch:
        _keep_newer(state, trips, vehicles)
    for eta in frame.get("etas", ()):
        _trip_eta(state, eta, out)
    if "notifications" in frame:
        state.notifications = list(frame["notifications"])
    state.unread = frame.get("unread", state.unread)
    state.epoch, state.seq = state.server_epoch, frame["seq"]
    out.moved.extend(v for v in state.vehicles.values() if v.get("recorded_at"))
    _live(state)


def _keep_newer(state: State, trips: dict[int, Frame], vehicles: dict[int | str, Frame]) -> None:
    # A snapshot was read a moment before it arrived: a fix or a tap that overtook it stays.
    for key, trip in state.trips.items():
        known = trips.get(key)
        if known is not None and known["version"] > trip["version"]:
            state.trips[key] = known
    for vehicle in state.vehicles.values():
        known = vehicles.get(vehicle["id"])
        if known is not None and _is_later(known["recorded_at"], vehicle["recorded_at"]):
            vehicle.update({name: known[name] for name in POSITION})


def _resumed(state: State, frame: Frame, out: Effects) -> None:
    # recovered:false announces a snapshot, which ends the waiting.
    if not frame["recovered"]:
        return
    if state.seq is None or frame["seq"] > state.seq or state.epoch != state.server_epoch:
        _resume(state, out, from_scratch=True)
    else:
        _live(state)


def _heartbeat(state: State, frame: Frame, out: Effects) -> None:
    if state.waiting:
        # One answer may be on its way; after two heartbeats the question is lost.
        state.waited_heartbeats += 1
        if state.waited_heartbeats >= 2:
            _resume(state, out)
    elif state.seq is None or frame["seq"] > state.seq:
        _resume(state, out)


def _numbered(state: State, frame: Frame, out: Effects) -> None:
    if state.seq is None or state.epoch != state.server_epoch:
        return
    if frame["seq"] <= state.seq:
        state.counters.duplicates += 1
    elif frame["seq"] == state.seq + 1:
        state.seq = frame["seq"]
        _show(state, frame, out)
    elif not state.waiting:
        state.counters.gaps += 1
        _resume(state, out)


def _show(state: State, frame: Frame, out: Effects) -> None:
    shower = _SHOWERS.get(frame["type"])
    if shower is None:
        state.counters.unknown += 1
    else:
        shower(state, frame, out)


def _trip_event(state: State, frame: Frame, out: Effects) -> None:
    known = state.trips.get(frame["trip_id"])
    if known is not None and known["version"] >= frame["version"]:
        return
    trip = dict(frame["trip"])
    if known is not None and trip["status"] not in ENDED:
        trip = {name: known[name] for name in ETA if name in known} | trip
    state.trips[frame["trip_id"]] = trip
    _load(state, frame["trip_id"])


def _load(state: State, trip_id: int) -> None:
    """A vehicle carries its started trips, the newest first; its driver is the first one's."""
    trip = state.trips[trip_id]
    vehicle = trip.get("vehicle")
    carrier = vehicle["id"] if vehicle and trip["status"] in STARTED else None
    for vehicle in state.vehicles.values():
        if not isinstance(vehicle["id"], int):
            continue
        aboard = [other for other in vehicle["trip_ids"] if other != trip_id]
        if vehicle["id"] == carrier:
            aboard = sorted([trip_id, *aboard], key=partial(_since, state), reverse=True)
        if aboard != vehicle["trip_ids"]:
            first = state.trips.get(aboard[0]) if aboard else None
            vehicle["trip_ids"] = aboard
            vehicle["driver_id"] = first["driver"]["id"] if first and first["driver"] else None


def _since(state: State, trip_id: int) -> str:
    return str(state.trips.get(trip_id, {}).get("state_since", ""))


def _trip_eta(state: State, frame: Frame, out: Effects) -> None:
    trip = state.trips.get(frame["trip_id"])
    # One that was under way when the trip ended comes too late.
    if trip is not None and trip["status"] not in ENDED:
        trip.update({name: frame[name] for name in ETA if name in frame})


def _batch(state: State, frame: Frame, out: Effects) -> None:
    for fix in frame["fixes"]:
        _position(state, fix, out)


def _position(state: State, fix: Frame, out: Effects) -> None:
    # A driver on a trip without a known vehicle has a marker of the trip's own.
    key = f"trip:{fix['trip_id']}" if fix["vehicle_id"] is None else fix["vehicle_id"]
    vehicle = state.vehicles.get(key)
    if vehicle is not None and not _is_later(fix["recorded_at"], vehicle["recorded_at"]):
        state.counters.stale += 1
        return
    if vehicle is None:
        trip_ids = [] if fix["trip_id"] is None else [fix["trip_id"]]
        vehicle = {"id": key, "name": None, "trip_ids": trip_ids, "driver_id": None}
    vehicle.update({name: fix[name] for name in POSITION})
    state.vehicles[key] = vehicle
    out.moved.append(fix)


def _notification(state: State, frame: Frame, out: Effects) -> None:
    notice, shown = frame["notification"], state.notifications
    is_read = notice["read_at"] is not None
    known = next((one for one in shown if one["id"] == notice["id"]), None)
    # One that is older than all that is shown was read elsewhere.
    if known is not None or (is_read and shown and notice["id"] < shown[-1]["id"]):
        if is_read and (known is None or known["read_at"] is None):
            state.notifications = [notice if one is known else one for one in shown]
            state.unread = max(0, state.unread - 1)
        return
    state.notifications = [notice, *shown][:KEPT_NOTIFICATIONS]
    state.unread += not is_read


def _error(state: State, frame: Frame, out: Effects) -> None:
    state.error = frame


def _is_later(left: str | None, right: str | None) -> bool:
    # Times are UTC with a Z; without it "…:00" sorts before "…:00.5", as it should.
    if left is None or right is None:
        return left is not None
    return left[:-1] > right[:-1]


_Handler = Callable[[State, Frame, Effects], None]
_CONTROL: dict[str, _Handler] = {
    "snapshot": _snapshot,
    "resumed": _resumed,
    "heartbeat": _heartbeat,
}
_SHOWERS: dict[str, _Handler] = {
    "trip.event": _trip_event,
    "trip.eta": _trip_eta,
    "gps.batch": _batch,
    "gps_update": _position,
    "notification": _notification,
    "task": lambda state, frame, out: state.tasks.update({frame["id"]: frame}),
    "error": _error,
    # The answer to fixes that were sent concerns their sender, not the picture.
    "ack": lambda state, frame, out: None,
}
