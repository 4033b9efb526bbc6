"""`manage.py celery_manager`: what an operator types beside a running system."""

import os
import sys
import time
from argparse import ArgumentParser
from statistics import median
from typing import Any, NoReturn

import redis
from django.core.management.base import BaseCommand, CommandError
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError

from config import publish
from config.celery import QUEUES
from config.health import readiness
from trips.operations import failures, overview, remote

CLEAR_SCREEN = "\x1b[H\x1b[2J"


class Command(BaseCommand):
    help = "Looks after the Celery workers, queues, clock and failures."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        for name, text in _ACTIONS.items():
            command = commands.add_parser(name, help=text)
            _OPTIONS.get(name, _no_options)(command)

    def run_from_argv(self, argv: list[str]) -> None:
        """Celery's own programs take all options that follow, `--help` included."""
        if len(argv) > 2 and argv[2] in {"worker", "beat"}:
            _become(argv[2], argv[3:])
        try:
            try:
                super().run_from_argv(argv)
            finally:
                sys.stdout.flush()
        except BrokenPipeError:
            # `| head` has seen enough. The rest goes nowhere: else Python complains as it exits.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, f"do_{options['action']}")(options)
        except (redis.RedisError, OperationalError) as exc:
            raise CommandError(f"the broker is away: {type(exc).__name__}") from None
        except KeyboardInterrupt:
            self.stdout.write("")

    def do_status(self, options: dict[str, Any]) -> None:
        parts = readiness()
        for line in overview.lines(parts):
            self.stdout.write(line)
        if not overview.is_well(parts):
            raise CommandError("not everything is well")

    def do_worker(self, options: dict[str, Any]) -> NoReturn:
        _become("worker", [])

    def do_beat(self, options: dict[str, Any]) -> NoReturn:
        _become("beat", [])

    def do_test(self, options: dict[str, Any]) -> None:
        silent = []
        for queue, seconds in remote.round_trips(options["count"], options["timeout"]):
            if len(seconds) < options["count"]:
                silent.append(queue)
                self.stdout.write(f"{queue:<15}no answer in {options['timeout']:g} s")
                continue
            low, middle, high = (1000 * f(seconds) for f in (min, median, max))
            self.stdout.write(
                f"{queue:<15}{len(seconds)} round trips: {low:.1f} / {middle:.1f} / {high:.1f} ms"
                " (least / median / most)"
            )
        if silent:
            raise CommandError(f"no worker answers on {', '.join(silent)}")

    def do_monitor(self, options: dict[str, Any]) -> None:
        looks = 0
        while True:
            text = "\n".join(overview.lines(readiness()))
            clear = CLEAR_SCREEN if self.stdout.isatty() else ""
            self.stdout.write(f"{clear}{time.strftime('%H:%M:%SZ', time.gmtime())}\n{text}\n")
            looks += 1
            if looks == options["count"]:
                return
            time.sleep(options["interval"])

    def do_queues(self, options: dict[str, Any]) -> None:
        for line in overview.queue_lines():
            self.stdout.write(line)
        routes = overview.routes()
        self.stdout.write("")
        for route in routes:
            self.stdout.write(f"{route.task:<50}{route.queue:<15}{route.problem}".rstrip())
        if any(route.problem for route in routes):
            raise CommandError("routes and registered tasks do not fit")

    def do_active(self, options: dict[str, Any]) -> None:
        self._per_worker(remote.active(), "runs nothing")

    def do_scheduled(self, options: dict[str, Any]) -> None:
        self._per_worker(remote.waiting(), "has nothing in hand")
        self.stdout.write("\nperiodic tasks")
        for task in PeriodicTask.objects.order_by("name"):
            last = f"{task.last_run_at:%Y-%m-%d %H:%M:%SZ}" if task.last_run_at else "never"
            state = "" if task.enabled else " (off)"
            self.stdout.write(f"  {task.name:<30}{task.scheduler!s:<40} last {last}{state}")

    def _per_worker(self, found: dict[str, list[str]], nothing: str) -> None:
        if not found:
            raise CommandError("no worker answered")
        for worker, tasks in found.items():
            self.stdout.write("\n  ".join([worker, *(tasks or [nothing])]))

    def do_events(self, options: dict[str, Any]) -> None:
        remote.Watch(self.stdout.write, options["count"]).run(options["seconds"])

    def do_failed(self, options: dict[str, Any]) -> None:
        found = failures.find(kind=options["type"], limit=options["limit"])
        for failure in found:
            self.stdout.write(
                f"{failure.key:<14}{failure.since:%Y-%m-%d %H:%M:%SZ}  {failure.kind:<38}"
                f"{failure.about:<28}{failure.error} (attempt {failure.attempts})"
                + ("" if failure.may_retry else "; cannot be tried again")
            )
        if not found:
            self.stdout.write("nothing has failed")

    def do_retry(self, options: dict[str, Any]) -> None:
        if sum(map(bool, (options["keys"], options["all"], options["type"]))) != 1:
            raise CommandError("say which: KEY …, --type TYPE, or --all")
        keys = options["keys"] or [
            failure.key for failure in failures.find(kind=options["type"]) if failure.may_retry
        ]
        try:
            count = failures.retry(keys)
        except failures.UnknownKey as exc:
            raise CommandError(f"{exc} is no key: `failed` lists them") from None
        # The publisher's thread would end with this process.
        publish.drain()
        self.stdout.write(f"{count} of {len(keys)} queued again")

    def do_revoke(self, options: dict[str, Any]) -> None:
        heard = remote.revoke(options["ids"], terminate=options["terminate"])
        self.stdout.write(f"{heard} workers told to revoke {len(options['ids'])} tasks")
        if not heard:
            raise CommandError("no worker heard it: a worker started later will run them")

    def do_purge(self, options: dict[str, Any]) -> None:
        queues = list(dict.fromkeys(options["queues"].split(",")))
        if unknown := [name for name in queues if name not in QUEUES]:
            raise CommandError(f"no such queue: {', '.join(unknown)}")
        names = " and ".join(queues)
        questions = (f"Drop every message in {names}? [y/N] ", "Really, for good? [y/N] ")
        for question in questions[options["yes"] :]:
            if input(question).strip().lower() not in {"y", "yes"}:
                raise CommandError("nothing was dropped")
        for name in queues:
            self.stdout.write(f"{name}: {remote.purge(name)} messages dropped")


def _become(program: str, arguments: list[str]) -> NoReturn:
    """Replace this process by Celery's own, so that signals reach it."""
    sys.stdout.flush()
    argv = [sys.executable, "-m", "celery", "-A", "config", program, *arguments]
    os.execv(sys.executable, argv)  # noqa: S606


_ACTIONS = {
    "status": "every part in one look; exit code 1 where something is not well",
    "worker": "start a worker; what follows goes to `celery worker`",
    "beat": "start the clock; what follows goes to `celery beat`",
    "test": "a timed round trip through each queue",
    "monitor": "the status again and again, until Ctrl-C",
    "queues": "lengths, and each task's route against what is registered",
    "active": "what the workers run now",
    "scheduled": "what workers hold for later, and the periodic tasks",
    "events": "a line for everything that happens to a task, until Ctrl-C",
    "failed": "buried deliveries and failed tasks",
    "retry": "queue failures again: one, all, or those of one type",
    "revoke": "forbid tasks to start",
    "purge": "drop what waits in queues; asks twice",
}


def _no_options(parser: ArgumentParser) -> None:
    """Most actions have none."""


def _test_options(parser: ArgumentParser) -> None:
    parser.add_argument("--count", type=int, default=5, help="round trips a queue (5)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="SECONDS")


def _monitor_options(parser: ArgumentParser) -> None:
    parser.add_argument("--interval", type=float, default=2.0, metavar="SECONDS")
    parser.add_argument("--count", type=int, default=0, help="looks; 0: until Ctrl-C")


def _events_options(parser: ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=0.0, help="0: until Ctrl-C")
    parser.add_argument("--count", type=int, default=0, help="events; 0: no limit")


def _failed_options(parser: ArgumentParser) -> None:
    parser.add_argument("--type", default="", help="a subscriber or a task's name")
    parser.add_argument("--limit", type=int, default=50)


def _retry_options(parser: ArgumentParser) -> None:
    parser.add_argument("keys", nargs="*", metavar="KEY", help="delivery:<id> or task:<id>")
    parser.add_argument("--type", default="", help="a subscriber or a task's name")
    parser.add_argument("--all", action="store_true")


def _revoke_options(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", metavar="TASK_ID")
    parser.add_argument("--terminate", action="store_true", help="end running ones too")


def _purge_options(parser: ArgumentParser) -> None:
    parser.add_argument("-Q", "--queues", required=True, metavar="QUEUE[,QUEUE]")
    parser.add_argument("--yes", action="count", default=0, help="twice: do not ask")


_OPTIONS = {
    "test": _test_options,
    "monitor": _monitor_options,
    "events": _events_options,
    "failed": _failed_options,
    "retry": _retry_options,
    "revoke": _revoke_options,
    "purge": _purge_options,
}
