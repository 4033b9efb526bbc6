"""Real services for the whole test session; `addopts = -p tests.plugin` loads it.

pytest-django reads the settings before any conftest.py, so the addresses must be in the
environment even earlier. The services are always our own: a DATABASE_URL or REDIS_URL of
the shell may be somebody's data.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator
from email.message import EmailMessage
from pathlib import Path

import pytest

from devtools import programs
from devtools.instance import Instance
from devtools.mailsink import MailSink, serve
from devtools.postgres import Postgres
from devtools.processes import Reaper
from devtools.valkey import Valkey

pytest_plugins = ["tests.fixtures_processes"]

# The cluster is thrown away: a crash of the machine may cost it.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Services:
    """PostgreSQL, Valkey, an SMTP server and the web server's socket, for one session."""

    def __init__(self) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="atw-test-"))
        self.data.chmod(0o711)
        self.instance = Instance(self.data)
        self.logs = self.instance.folder("log")
        self.reaper = Reaper()
        self.reaper.remove_at_end(self.data)
        self.mails: list[EmailMessage] = []
        self.listener = programs.listen("127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self) -> None:
        """Start all; put their addresses into the environment."""
        postgres = Postgres.of(self.instance, **FAST)
        valkey = Valkey.of(self.instance)
        for service in (postgres, valkey):
            service.prepare()
            program = service.program()
            service.wait_ready(self.reaper.spawn(program, self.logs / f"{program.name}.log"))
        smtp_port = self.instance.port("smtp")
        folder = self.instance.folder("mail")
        self.controller = serve(MailSink(folder, self.mails.append), smtp_port)
        os.environ.update(
            DATABASE_URL=postgres.url,
            REDIS_URL=valkey.url,
            SECRET_KEY=self.instance.secret("django"),
            ATW_PROFILE="dev",
            ATW_DATA=str(self.data),
            ATW_BASE_URL=self.base_url,
            ATW_ORIGINS=self.base_url,
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=str(smtp_port),
            # What a test says is sent at whatever hour it runs.
            ATW_QUIET_HOURS="off",
        )

    def stop(self) -> None:
        """Stop all and delete the data."""
        self.listener.close()
        self.controller.stop()
        self.reaper.end_all()


SERVICES = pytest.StashKey[Services]()


#: Tests that start processes of ours stand on each other's toes: one runner has them all, and
#: the other one runs the rest meanwhile.
_PROCESSES = pytest.mark.xdist_group("processes")
#: Again where a starved machine made something answer too late; what is wrong fails each time.
_AGAIN = pytest.mark.flaky(reruns=2)
_PROCESS_FIXTURES = {"services", "process_env", "web_server", "celery_worker_process"}
_PROCESS_FOLDERS = frozenset(
    ["browser", "clients", "devtools", "docs", "exactness", "ops", "prove", "security", "simulator"]
)


def _only_hands_out_tests(config: pytest.Config) -> bool:
    """Whether this is pytest-xdist's own process, whose runners do the work."""
    handing_out = bool(getattr(config.known_args_namespace, "numprocesses", None))
    return handing_out and "PYTEST_XDIST_WORKER" not in os.environ


# First, so that pytest-xdist's own hook sees the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what starts processes, by its fixtures and its folder."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        folder = item.path.relative_to(item.config.rootpath / "tests").parts[0]
        if fixtures & _PROCESS_FIXTURES or folder in _PROCESS_FOLDERS:
            item.add_marker(_PROCESSES)
        item.add_marker(_AGAIN)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, None, None]:
    """Start before pytest-django's hook of the same name reads the settings."""
    if _only_hands_out_tests(early_config):
        return (yield)
    services = early_config.stash[SERVICES] = Services()
    services.start()
    early_config.add_cleanup(services.stop)
    return (yield)
