"""The compose file and the Dockerfile, as far as they can be checked without a Docker engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from celery.bin.base import CLIContext
from celery.bin.celery import celery
from daphne.cli import CommandLineInterface
from django.conf import settings

from config.celery import QUEUES, app
from config.drain import NOTICE
from deploy.healthcheck import first_database, web_answers, worker_lives
from devtools.bootstrap import ROOT, VENV
from devtools.programs import daphne_argv
from devtools.valkey import CONFIG
from tests.fixtures_processes import CeleryWorker, WebServer

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
WORKERS = {name: service for name, service in SERVICES.items() if name.startswith("worker-")}


def words(command: str | list[str]) -> list[str]:
    return shlex.split(command) if isinstance(command, str) else command


def checked(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_fits_the_specification() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec"]
    checked(str(VENV / "bin/check-jsonschema"), *schema, "docker-compose.yml")


def test_the_dockerfile_passes_hadolint() -> None:
    checked(str(VENV / "bin/hadolint"), "Dockerfile")


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {
        "postgres", "valkey", "migrate", "web-1", "web-2", "proxy", "worker-high",
        "worker-normal", "worker-low", "beat", "flower", "mailpit", "backup", "prometheus",
        "grafana",
    }  # fmt: skip


def test_each_queue_has_its_worker_and_its_check_looks_for_that_worker() -> None:
    served = {}
    for service in WORKERS.values():
        command = words(service["command"])
        queue = command[command.index("-Q") + 1]
        node = command[command.index("-n") + 1].removesuffix("@%h")
        served[queue] = node
        assert service["healthcheck"]["test"][-3:] == ["worker", node, queue]
    assert set(served) == set(QUEUES)


def test_celery_understands_each_command() -> None:
    for name, service in {**WORKERS, "beat": SERVICES["beat"]}.items():
        program, *arguments = words(service["command"])
        assert (program, arguments[:2]) == ("celery", ["-A", "config"]), name
        command, options = celery.commands[arguments[2]], arguments[3:]
        # Parses, raises on an unknown option, and runs nothing.
        command.make_context(arguments[2], options, obj=CLIContext(cast(Any, app), True, None))


def test_the_web_has_the_same_limits_as_everywhere() -> None:
    found = re.search(r"CMD (\[.*\])", DOCKERFILE, re.DOTALL)
    assert found
    argv: list[str] = yaml.safe_load(found[1].replace("\\\n", ""))
    parser = CommandLineInterface().parser
    ours, theirs = parser.parse_args(argv[3:]), parser.parse_args(daphne_argv(0)[2:])
    for limit in ("websocket_max_message_size", "ping_interval", "ping_timeout", "verbosity"):
        assert getattr(ours, limit) == getattr(theirs, limit), limit
    assert ours.application == theirs.application


def test_the_broker_keeps_what_it_has_taken() -> None:
    shipped = (ROOT / "deploy/valkey/valkey.conf").read_text().splitlines()
    for line in shipped:
        assert line.startswith("#") or f"{line}\n" in CONFIG, line
    assert len(shipped) > 4
    # Its rights are tested with a real server: test_redis_acl.
    assert words(SERVICES["valkey"]["command"])[:2] == ["sh", "/etc/valkey/start.sh"]


def test_what_is_mounted_from_here_is_here() -> None:
    volumes = [one for service in SERVICES.values() for one in service.get("volumes", [])]
    paths = [one.partition(":")[0] for one in volumes if one.startswith("./")]
    assert "./deploy/Caddyfile" in paths
    assert all((ROOT / path).exists() for path in paths)


def caddy(*arguments: str) -> str:
    """What our Caddy says of the Caddyfile."""
    command = [str(VENV / "bin/caddy"), *arguments, "--config", "deploy/Caddyfile"]
    done = subprocess.run(
        [*command, "--adapter", "caddyfile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_proxy_understands_its_file() -> None:
    caddy("validate")


def test_the_proxy_bounds_what_comes_in() -> None:
    server = json.loads(caddy("adapt"))["apps"]["http"]["servers"]["srv0"]
    assert server["max_header_bytes"] <= 16_384
    assert 0 < server["read_header_timeout"] <= 10e9
    assert 0 < server["read_timeout"] <= 60e9
    (body,) = found_in(server, "request_body")
    # Above the largest body that the application takes.
    assert settings.MAX_IMPORT_BYTES < body["max_size"] <= 2 * settings.MAX_IMPORT_BYTES


def test_the_proxy_asks_each_web_process_and_notices_one_that_leaves() -> None:
    (proxy,) = found_in(json.loads(caddy("adapt")), "reverse_proxy")
    asked = {upstream["dial"] for upstream in proxy["upstreams"]}
    webs = {f"{name}:8000" for name in SERVICES if name.startswith("web-")}
    assert asked == webs == set(SERVICES["proxy"]["environment"]["ATW_UPSTREAMS"].split())
    looked = proxy["health_checks"]["active"]
    drain_s = 10
    assert looked["uri"] == "/healthz"
    assert looked["interval"] < drain_s * NOTICE * 1e9
    # An idle connection is never ended by the process, so that no request meets its end.
    assert proxy["transport"]["keep_alive"]["idle_timeout"] < 5e9


def found_in(tree: Any, handler: str) -> list[dict[str, Any]]:
    """All handlers of that name in Caddy's JSON."""
    if isinstance(tree, list):
        return [one for item in tree for one in found_in(item, handler)]
    if not isinstance(tree, dict):
        return []
    mine = [tree] if tree.get("handler") == handler else []
    return mine + [one for item in tree.values() for one in found_in(item, handler)]


def test_no_password_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    asked = re.findall(r"\$\{(\w*PASSWORD\w*)([^}]*)\}", text)
    assert len(asked) > 4
    assert all(rest.startswith(":?") for _, rest in asked)


def test_only_the_proxy_is_open_to_the_network() -> None:
    ports = {name: service.get("ports", []) for name, service in SERVICES.items()}
    assert ports.pop("proxy") == ["80:80", "443:443", "443:443/udp"]
    inside = [port for some in ports.values() for port in some]
    assert inside
    assert all(port.startswith("127.0.0.1:") for port in inside)


def test_our_containers_hold_nothing_that_they_do_not_need() -> None:
    for name in ("web-1", "web-2", "migrate", "beat", "valkey", "proxy", *WORKERS):
        service = SERVICES[name]
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert user == ["10001"]


def copied() -> list[str]:
    """What the last stage copies from the checkout."""
    stage = DOCKERFILE.rpartition("FROM ")[2]
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", stage, re.MULTILINE)
    return [path for line in lines for path in line.split()]


def test_the_build_context_lets_through_what_is_copied() -> None:
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    for path in [*copied(), "package.json", "package-lock.json"]:
        assert f"!{path}" in allowed, path


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with just the files that the image gets."""
    root = tmp_path_factory.mktemp("image")
    for path in copied():
        source, target = ROOT / path, root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    return root


LOAD = """
import asgi, config
config.celery_app.loader.import_default_modules()
print(len(config.celery_app.tasks))
"""
COLLECT = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "collectstatic", "--no-input"])
"""


def in_image(image: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run Python there, with the packages of requirements.txt only."""
    kept = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    names = {name.lower().replace("_", "-") for name in kept}
    absent = sorted(
        module
        for module, owners in packages_distributions().items()
        if not names & {owner.lower().replace("_", "-") for owner in owners}
    )
    block = f"import sys; sys.modules.update(dict.fromkeys({absent!r}))\n"
    env = {"PATH": os.environ["PATH"], "ATW_DATA": str(image / "var"), "SECRET_KEY": "build"}
    return subprocess.run(
        [sys.executable, "-c", block + script],
        cwd=image, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_the_application_and_the_worker_load_from_what_is_copied(image: Path) -> None:
    done = in_image(image, LOAD)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


@pytest.mark.skipif(not (ROOT / "node_modules").is_dir(), reason="no front-end packages")
def test_the_assets_are_collected(image: Path) -> None:
    (image / "node_modules").symlink_to(ROOT / "node_modules")
    done = in_image(image, COLLECT)
    assert done.returncode == 0, done.stderr
    for asset in ("maplibre-gl/maplibre-gl.mjs", "dashboard/board.js", "admin/css/base.css"):
        assert (image / "var/static" / asset).is_file(), asset


def test_the_webs_health_is_its_own(web_server: WebServer) -> None:
    assert web_answers(web_server.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        web_answers("1")


@pytest.mark.django_db(transaction=True)
def test_a_workers_health_is_its_own(
    celery_worker_process: CeleryWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    assert all(worker_lives("test", queue) for queue in QUEUES)
    assert not worker_lives("other", "normal")


def test_a_worker_is_not_started_anew_because_its_broker_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    assert worker_lives("test", "normal")


def test_the_brokers_address_keeps_how_to_trust_it() -> None:
    url = "rediss://atw:secret@broker.example.org:6380?ssl_cert_reqs=required"
    assert first_database(url) == url.replace("6380", "6380/0")
