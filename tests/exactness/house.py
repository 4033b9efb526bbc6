"""A Valkey, a web server and a high-priority worker of one test's own, to be killed at will."""

from __future__ import annotations

import os
import signal
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg
import redis

from config.workers import key
from devtools import programs
from devtools.processes import STAGE_WORKER
from devtools.valkey import Valkey
from tests.fixtures_processes import START_S, RealProcess
from tests.plugin import Services

LAYER_DB = 2
#: Longer than anything waits for a frozen broker.
FROZEN_S = 3.0


class Broker(RealProcess):
    """Valkey on a port that stays its own."""

    def __init__(self, services: Services, folder: Path) -> None:
        folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            port = reserved.getsockname()[1]
        self.valkey = Valkey(folder, port, "trouble")
        self.valkey.prepare()
        super().__init__(services.reaper, self.valkey.program(), services.logs / "valkey2.log")

    def answers(self) -> bool:
        """Whether it answers with its data loaded."""
        try:
            return bool(self.run("PING"))
        except redis.ConnectionError:
            return False

    def run(self, *command: str, db: int = 0) -> Any:
        """One command on database `db`."""
        with redis.Redis.from_url(self.valkey.url, db=db) as client:
            return client.execute_command(*command)


class Web(RealProcess):
    """daphne at `url`, on a socket that outlives it."""

    def __init__(self, services: Services, env: dict[str, str]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.ws_url = self.url.replace("http", "ws", 1)
        env = {**env, "ATW_BASE_URL": self.url, "ATW_ORIGINS": self.url}
        program = programs.web("daphne", self._listener.fileno(), env)
        super().__init__(services.reaper, program, services.logs / "web2.log")

    def answers(self) -> bool:
        """Whether `/healthz` is 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=START_S) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def close(self) -> None:
        """End it and give its socket back."""
        self.stop()
        self._listener.close()


class HighWorker(RealProcess):
    """The worker of `high_priority` as production runs it."""

    def __init__(self, services: Services, broker: Broker, env: dict[str, str]) -> None:
        self._broker = broker
        argv = programs.celery_argv([programs.QUEUES["high"]], "trouble", "solo")
        program = programs.python("worker2", argv, STAGE_WORKER, env)
        super().__init__(services.reaper, program, services.logs / "worker2.log")

    def answers(self) -> bool:
        """Whether it shows a sign of life."""
        return bool(self._broker.run("KEYS", key(programs.QUEUES["high"])))

    def kill(self) -> None:
        """kill -9; the sign of life of the dead is taken away."""
        super().kill()
        for name in self._broker.run("KEYS", key(programs.QUEUES["high"])):
            self._broker.run("DEL", name)


class House:
    """The three, started in order."""

    def __init__(self, services: Services, env: dict[str, str], folder: Path) -> None:
        self.broker = Broker(services, folder / "valkey")
        env = {**env, "REDIS_URL": self.broker.valkey.url}
        self._database_url = env["DATABASE_URL"]
        self.web = Web(services, env)
        self.worker = HighWorker(services, self.broker, env)

    def open(self) -> None:
        """Start all and wait until each does its work."""
        for process in (self.broker, self.web, self.worker):
            process.start()

    def close(self) -> None:
        """End all."""
        self.worker.stop()
        self.web.close()
        self.broker.stop()

    # --- trouble

    def kill_worker(self) -> None:
        """kill -9 and start again."""
        self.worker.restart()

    def kill_web(self) -> None:
        """kill -9 and start again."""
        self.web.restart()

    def kill_broker(self) -> None:
        """kill -9 and start again on the same port."""
        self.broker.restart()

    def flush_layer(self) -> None:
        """Empty the database of the channel layer."""
        self.broker.run("FLUSHDB", db=LAYER_DB)

    def cut_subscribers(self) -> None:
        """Close all connections that listen."""
        self.broker.run("CLIENT", "KILL", "TYPE", "pubsub")

    def cut_clients(self) -> None:
        """Close all connections that do not."""
        self.broker.run("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")

    def freeze_broker(self) -> None:
        """It takes connections and answers nothing for a while."""
        os.kill(self.broker.pid, signal.SIGSTOP)
        time.sleep(FROZEN_S)
        os.kill(self.broker.pid, signal.SIGCONT)

    def cut_database(self) -> None:
        """End the web server's sessions in the database, in the middle of whatever they do."""
        connections = psutil.Process(self.web.pid).net_connections(kind="tcp")
        ports = [connection.laddr.port for connection in connections]
        sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = ANY(%s)"
        with psycopg.connect(self._database_url) as database:
            database.execute(sql, [ports])
