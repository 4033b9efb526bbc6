"""`manage.py replay`: posts recorded tracks to a trip, as its driver's phone would."""

import asyncio
import json
import os
from argparse import ArgumentParser
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from trips.simulator.api import Api, Login, Refused, Stats, Unreachable, new_client
from trips.simulator.replay import Pace, Report, replay
from trips.simulator.tracks import Track, UnknownFormat, parse

PATIENCE_S = 120.0

Tracks = list[tuple[str, Track]]


class Command(BaseCommand):
    help = (
        "Posts recorded tracks (GPX, GeoJSON, CSV with a header, GeoLife .plt) to a trip, one"
        " file after the other. Ends with 1 when a point was neither accepted nor a duplicate"
        " nor quarantined."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--trip", type=int, required=True, metavar="ID")
        parser.add_argument("--as", dest="username", required=True, metavar="USER")
        parser.add_argument(
            "--speed", type=float, default=20.0, help="times faster than recorded (20)"
        )
        parser.add_argument(
            "--max-gap",
            type=float,
            default=5.0,
            metavar="SECONDS",
            help="the longest wait between two posts (5); the recorded times keep their spacing",
        )
        parser.add_argument("--base-url", default=settings.BASE_URL)
        parser.add_argument("--password", default=os.environ.get("ATW_PASSWORD", ""))
        parser.add_argument("--token", default="", help="instead of a password")
        parser.add_argument("--json", action="store_true", help="print the summaries as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["speed"] <= 0 or options["max_gap"] < 0:
            raise CommandError("--speed must be above 0 and --max-gap not below")
        tracks = [_read(path) for path in options["files"]]
        login = _login(options["username"], options["password"], options["token"])
        try:
            reports = asyncio.run(_replay_all(tracks, login, options))
        except (Refused, Unreachable) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps([report.as_json() for report in reports]))
        else:
            self.stdout.write("\n\n".join(map(_as_text, reports)))
        if not all(report.is_complete for report in reports):
            raise SystemExit(1)


def _read(path: Path) -> tuple[str, Track]:
    try:
        track = parse(path.name, path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, UnknownFormat) as error:
        raise CommandError(f"{path}: {error}") from error
    if not track.points:
        raise CommandError(f"{path}: holds no point that can be posted")
    return path.name, track


def _login(username: str, password: str, token: str) -> Login:
    """By token, by password, or as one of the demo's people, whose tokens are derived."""
    if token or password:
        return Login(username, password, token)
    from trips.demo import token_for

    return Login(username, token=token_for(username))


async def _replay_all(tracks: Tracks, login: Login, options: dict[str, Any]) -> list[Report]:
    pace = Pace(options["speed"], options["max_gap"])
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    reports = []
    async with new_client(options["base_url"]) as client:
        api = Api(client, login, Stats(), Random(), PATIENCE_S)
        with Progress(*columns, console=Console(stderr=True)) as progress:
            for name, track in tracks:
                bar = progress.add_task(name, total=len(track.points))
                advance = partial(progress.advance, bar)
                trip_id = options["trip"]
                reports.append(await replay(api, trip_id, name, track, pace, advance))
    return reports


def _as_text(report: Report) -> str:
    lines = [
        f"{report.file}: {report.posted} posted",
        f"  accepted     {report.accepted:>6}",
        f"  duplicates   {report.duplicates:>6}",
        f"  quarantined  {report.quarantined.total():>6}",
        *(f"    {count:>6} {reason}" for reason, count in report.quarantined.most_common()),
    ]
    if report.rejected:
        lines.append(f"  rejected     {report.rejected.total():>6}")
        lines += [f"    {count:>6} {reason}" for reason, count in report.rejected.most_common()]
    if report.unreadable:
        lines.append(f"  unreadable   {len(report.unreadable):>6}")
        lines += [f"    at {bad.place}: {bad.reason}" for bad in report.unreadable[:10]]
    return "\n".join(lines)
