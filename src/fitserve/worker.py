"""gunicorn's worker with threads, made to stop as a server that trains should."""

import os
import signal
import time
from types import FrameType
from typing import Any

from gunicorn.workers import gthread

from fitserve.directory import ModelDirectory
from fitserve.errors import StoreTooNew

LOOK_EVERY = 0.2
HURRY = 2  # seconds that requests get to end when there is no time to wait


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """Stops in this order: no new connections and no new trainings, what was asked is answered,
    what is being trained is trained. Each training has a limit of time, and so has that."""

    _hurried = False

    def init_process(self) -> None:
        try:
            super().init_process()
        except StoreTooNew as newer:
            self._end_server(newer)

    def set_accept_enabled(self, enabled: bool) -> None:
        super().set_accept_enabled(enabled)
        if not enabled and not self.alive:
            self._directory.wind_down()
            self.log.info("Stopping; what is being trained may end (a second signal hurries)")
            self._stop_listening()

    def run(self) -> None:
        super().run()
        while self._directory.training:
            self.notify()
            time.sleep(LOOK_EVERY)

    def notify(self) -> None:
        """Called by every loop of this worker, every second at least."""
        super().notify()
        if self._hurried or os.getppid() != self.ppid:
            self._directory.abort()
        if self._directory.outdated is not None and self.alive:
            self._end_server(self._directory.outdated)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """A stop in a hurry. Unlike gunicorn's own it is only noted here: the signal may have
        come while this very thread holds a lock that ending at once would wait for."""
        self._hurry()
        self.handle_exit(sig, frame)

    def is_parent_alive(self) -> bool:
        """Without its master a worker stops, and soon: the port it holds is wanted."""
        alive: bool = super().is_parent_alive()
        if not alive:
            self._hurry()
            self.alive = False
        return alive

    def _end_server(self, why: StoreTooNew) -> None:
        """Stop all of it, and well: another worker in this one's place would fare no better.

        (An exit code that says so would not do. gunicorn cuts its stop short at the second.)
        """
        self.log.critical("%s", why)
        self.alive = False
        if os.getppid() == self.ppid:
            os.kill(self.ppid, signal.SIGTERM)

    def _hurry(self) -> None:
        self._hurried = True
        self.cfg.set("graceful_timeout", HURRY)

    def _stop_listening(self) -> None:
        """Take the connections that were made already, and let the port go.

        Left open while requests and trainings end, it would take in more and drop them at last.
        """
        for listener in self.sockets:
            taken = -1
            while listener.sock is not None and taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)
            listener.close()
        for waiting in self.pending_conns:  # connected, but silent so far
            waiting.timeout = min(waiting.timeout, time.monotonic() + gthread.STOP_KEEPALIVE_LINGER)

    @property
    def _directory(self) -> ModelDirectory:
        directory: Any = self.wsgi.extensions["fitserve"]
        assert isinstance(directory, ModelDirectory)
        return directory
