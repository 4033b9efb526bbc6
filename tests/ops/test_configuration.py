"""Every variable is in the table, the profiles do what they say, and prod is checked clean."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys

import pytest

from devtools.bootstrap import ROOT

#: The compose file's own, and those of the services that it starts.
COMPOSE_ONLY = {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD", "ATW_SITE"}
#: Of deploy/Caddyfile.
COMPOSE_ONLY |= {"ATW_UPSTREAMS"}
#: Of deploy/backup.sh.
COMPOSE_ONLY |= {"ATW_BACKUP_RECIPIENT", "ATW_BACKUP_KEEP_DAYS"}
#: Read by boto3, not by us.
LIBRARIES_OWN = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
READ = re.compile(
    r"""(?:\benv(?:_bool|_int|_list|_url|_choice)?\(|environ\.get\(|environ\[)\s*"([A-Z0-9_]+)\""""
)
ROOMS = ("config", "trips", "billing", "users", "devtools", "deploy")


def variables_read() -> set[str]:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")] + [*ROOT.glob("*.py")]
    found = {name for path in files for name in READ.findall(path.read_text())}
    return found - {"DJANGO_SETTINGS_MODULE", "PYTHONPATH"}


def variables_in_the_table() -> set[str]:
    table = (ROOT / "docs/CONFIGURATION.md").read_text().partition("## Variables")[2]
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row.split("|")[1])}


def variables_of(file: str) -> set[str]:
    return set(re.findall(r"^(?:# )?([A-Z0-9_]{4,})=", (ROOT / file).read_text(), re.MULTILINE))


def test_the_table_lists_what_is_read_and_nothing_else() -> None:
    assert variables_in_the_table() == variables_read() | COMPOSE_ONLY | LIBRARIES_OWN


def test_the_example_names_no_variable_that_is_not_in_the_table() -> None:
    assert variables_of(".env.example") <= variables_in_the_table()


def python(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Python in the checkout, in an environment of its own."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**keep, "ATW_DATA": os.devnull, "DJANGO_SETTINGS_MODULE": "config.settings", **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def production() -> dict[str, str]:
    return {"SECRET_KEY": secrets.token_urlsafe(50), "ATW_ORIGINS": "https://dispatch.example.org"}


def test_production_is_checked_clean() -> None:
    check = ["manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = python(*check, **production())
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ({"ATW_PROFILE": "prod"}, "SECRET_KEY is not set"),
        ({"ATW_PROFILE": "production"}, "ATW_PROFILE is dev or prod"),
        ({"DATABASE_URL": "sqlite:///trips.db"}, "SQLite is not supported"),
        ({"EMAIL_PORT": "smtp"}, "EMAIL_PORT must be a whole number"),
        ({"ATW_ORIGINS": "dispatch.example.org"}, "like https://dispatch.example.org"),
        ({"ATW_ROUTING_URL": "file:///etc/passwd"}, "ATW_ROUTING_URL must be like https://"),
        ({"ATW_GEOCODER_URL": "https://a.example?key=1"}, "ATW_GEOCODER_URL must be like https://"),
        ({"ATW_ROUTING_KIND": "google"}, "ATW_ROUTING_KIND must be one of osrm, valhalla"),
    ],
)
def test_what_cannot_work_is_named_at_once(env: dict[str, str], complaint: str) -> None:
    done = python("-c", "import config.settings", **env)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_what_is_unwise_is_found_by_the_check() -> None:
    check = ["manage.py", "check", "--deploy", "--fail-level", "WARNING", "--tag", "security"]
    done = python(*check, ATW_PROFILE="prod", SECRET_KEY="short")
    assert done.returncode != 0
    assert "ALLOWED_HOSTS" in done.stderr
    assert "SECRET_KEY has less than" in done.stderr


def test_production_refuses_demo_data() -> None:
    done = python("manage.py", "setup", "--demo", "--no-input", **production())
    assert done.returncode == 1
    assert "demo data is refused in production" in done.stderr


def test_a_probe_needs_neither_https_nor_the_public_name() -> None:
    script = (
        "import django; django.setup();"
        "from django.test import Client;"
        "ask = lambda path: Client(headers={'host': '127.0.0.1:8000'}).get(path).status_code;"
        "print(ask('/healthz'), ask('/dispatch/'))"
    )
    done = python("-c", script, **production())
    assert done.stdout.split() == ["200", "301"], done.stderr
