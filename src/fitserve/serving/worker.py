"""gunicorn's worker with threads, made to wait for clients on its loop only, and to stop as a
server that trains should."""

import contextlib
import errno
import os
import resource
import selectors
import signal
import time
from functools import partial
from http import HTTPStatus
from types import FrameType
from typing import Any

from gunicorn.workers import gthread

from fitserve.directory import ModelDirectory
from fitserve.errors import FitserveError, Overloaded, StoreTooNew
from fitserve.observing.statistics import Table
from fitserve.observing.tally import Tally
from fitserve.serving.closing import hear, shut
from fitserve.serving.connection import BodyAsked, Connection, State, Terms
from fitserve.serving.log import name_of_request
from fitserve.serving.refusals import answer, refusal
from fitserve.serving.shares import SOON, Share
from fitserve.serving.threads import PATIENCE, Threads

LOOK_EVERY = 0.2  # seconds between looks at what is late
HURRY = 2  # seconds that requests get to end when there is no time to wait
HANDSHAKE = 0.1  # seconds in which a connection that is half made becomes whole
STOP = 2.0  # seconds that a client gets for each next step of its once the server stops
QUEUED = 1.0  # seconds in the queue, after which the client may be gone
STAY_MS = 1  # that a thread waits for the same client's next request, where there are ...
FEW = 4  # ... connections at most
AHEAD_AT_WORK = 1  # threads for all who send requests before they have the answers, ...
AHEAD_RESTS = 9  # ... at rest so many times as long as at work while others are at work, ...
LONGEST_REST = 0.02  # ... so many seconds at most
LARGE_AT_WORK = 2  # threads that compute for large requests at once ...
LARGE_SECONDS = 1.0  # ... each for so long, before others stand in
NICE = 3  # of both: the loop and short requests go first; what is forked comes behind these, ...
# ... which may hold the interpreter lock that all others wait for
ACCEPTED_AT_ONCE = 64
SPARE_FILES = 100  # descriptors for everything but connections
YIELD = 0.001  # seconds between looks at whether another worker takes what this one should not
SPOOLED = 2**29  # bytes on disk for all workers, or four of the largest bodies

_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class LimitLog:
    """Says once a minute that a limit is met, not once a request."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._said: dict[str, float] = {}

    def met(self, what: str) -> None:
        now = time.monotonic()
        if now - self._said.get(what, -60.0) >= 60.0:
            self._said[what] = now
            self._log.warning("Limit: %s", what)


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """The loop reads all requests and sends what clients are slow to take; a thread gets a request
    when all of it is here. Large ones have threads of their own.

    Stops in this order: no new connections and no new trainings, what was asked is answered,
    what is being trained is trained. Each training has a limit of time, and so has that."""

    share: Share  # given by the process that starts the workers, and so is ...
    tally: Tally
    inferences: Table
    _hurried = False

    @classmethod
    def check_config(cls, cfg: Any, _log: Any) -> None:
        """TLS and whatever is not plain HTTP/1 belong to a proxy in front."""
        for refused, name in (
            (cfg.is_ssl, "certfile"),
            (cfg.proxy_protocol != "off", "proxy_protocol"),
            (cfg.protocol != "http", "protocol"),
            (cfg.http2_cleartext != "off", "http2_cleartext"),
        ):
            if refused:
                raise SystemExit(
                    f"fitserve: gunicorn's setting {name} is not for this worker; have a proxy "
                    "in front speak what it is for"
                )

    def init_process(self) -> None:
        self._connections: dict[Connection, None] = {}
        self._limits = LimitLog(self.log)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files != resource.RLIM_INFINITY:  # each may have a file on disk too
            fitting = max(2, (files - SPARE_FILES) // 2)
            self.worker_connections = min(self.cfg.worker_connections, fitting)
        self.max_keepalived = self.worker_connections  # room is made here, when there is none
        self._listening = False
        self._rest = 0.0
        self._looked = 0.0
        try:
            super().init_process()
        except StoreTooNew as newer:
            self._end_server(newer)

    def get_thread_pool(self) -> Threads[Connection]:
        number = self.cfg.threads
        self._large = Threads(number, self._work, LARGE_AT_WORK, LARGE_SECONDS, NICE)
        self._ahead = Threads(number, self._work_ahead, AHEAD_AT_WORK, niceness=NICE)
        return Threads(number, self._work)

    def run(self) -> None:
        app: Any = self.wsgi
        self._directory.metrics.join(self.tally)
        app.extensions["fitserve.statistics"].join(self.inferences)
        self.log.begin(self._directory.metrics, app.extensions["fitserve.route"])
        self._terms = self.terms(app.config["MAX_CONTENT_LENGTH"])
        self._names = [(listener, listener.getsockname()) for listener in self.sockets]
        self.poller.register(
            self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks
        )
        self._tell()
        self._wait_for_the_others()
        while self.alive and self.is_parent_alive():
            self._turn()
        self._stop()
        while self._directory.training:
            self.notify()
            time.sleep(LOOK_EVERY)

    def terms(self, limit: int) -> Terms:
        spool = max(SPOOLED, 4 * limit)
        return Terms(self.cfg, limit, spool, self.share.spool, float(self.cfg.keepalive))

    def _wait_for_the_others(self) -> None:
        """Workers that start together open together, or the first would get all who wait."""
        until = time.monotonic() + 5.0
        while self.alive and self.share.awaited() and time.monotonic() < until:
            self._heed_stop()
            self.share.live()
            time.sleep(0.02)

    # the loop

    def _turn(self) -> None:
        now = time.monotonic()
        self._listen(self.alive and now >= self._rest)
        timeout = min(LOOK_EVERY, self._rest - now) if now < self._rest else LOOK_EVERY
        for threads in (self.tpool, self._ahead, self._large):
            if threads.busy:
                threads.relieve()
                timeout = min(timeout, PATIENCE)
        for key, _ in self.poller.select(timeout):
            if isinstance(key.data, Connection):
                self._ready(key.data)
            else:
                key.data(key.fileobj)
        if time.monotonic() >= self._looked + LOOK_EVERY:
            self._look()

    def _listen(self, wanted: bool) -> None:
        if wanted == self._listening:
            return
        self._listening = wanted
        if wanted and all(listener.get_backlog() == 0 for listener, _ in self._names):
            self.share.nobody_waits()  # somebody else took who did
        for listener, name in self._names:
            if wanted:
                listener.setblocking(False)
                accept = partial(self._accept, name=name)
                self.poller.register(listener, selectors.EVENT_READ, accept)
            else:
                self.poller.unregister(listener)

    def _pause(self, seconds: float) -> None:
        """Leave new connections to the other workers, or in the queue, for so long."""
        self._rest = time.monotonic() + seconds

    def _accept(self, listener: Any, name: Any) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            if not self._may_accept(listener) or not self._take_one(listener, name):
                return

    def _may_accept(self, listener: Any) -> bool:
        now = time.monotonic()
        if now < self._rest:
            return False
        if len(self._connections) >= self.worker_connections and not self._make_room():
            self._limits.met(f"{self.worker_connections} connections, all of them at work")
            self._pause(LOOK_EVERY)
            return False
        if self.share.leaves(len(self._connections), listener.get_backlog):
            self._pause(YIELD)
            return False
        return True

    def _take_one(self, listener: Any, name: Any) -> bool:
        """Accept a connection; whether there was one."""
        try:
            sock, client = listener.accept()
        except BlockingIOError:
            self.share.nobody_waits()
            return False
        except (ConnectionAbortedError, InterruptedError):
            return False
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self._limits.met("no file descriptor is left for a new connection")
            if not self._make_room():
                self._pause(LOOK_EVERY)
            return False
        if not self.alive:
            hear(sock)
        connection = Connection(sock, client, name, self._terms)
        self._connections[connection] = None
        self._tell()
        self._begin(connection)
        return True

    def _begin(self, connection: Connection) -> None:
        """Most have sent something by now, and some have ended too. Whoever need not be waited for
        costs the loop fewer calls of the system: there may be a flood of them."""
        try:
            waits = self._received(connection)
            if waits and connection.pending:
                waits = self._received(connection)
        except OSError:
            self._close(connection)
        else:
            if waits:
                self._wait_for(connection)

    def _ready(self, connection: Connection) -> None:
        """The client has sent something, or takes something, or has ended."""
        if connection.working:  # a thread is giving it back just now
            return
        try:
            if connection.state is not State.SENDING:
                self._received(connection)
            elif connection.flush():
                self._unwatch(connection)
                self._go_on(connection)
        except OSError:
            self._close(connection)

    def _received(self, connection: Connection) -> bool:
        """Take in what the client has sent; whether it is to be waited for as before."""
        if connection.receive():
            return self._take(connection)
        self._ended(connection)
        return False

    def _take(self, connection: Connection) -> bool:
        """Give a thread the request, if all of it is here; whether more is to be waited for."""
        if connection.state is not State.READING:
            return True
        try:
            whole = connection.whole()
        except Exception as error:  # noqa: BLE001  # told, and logged where it is ours
            self._unwatch(connection)
            self._refuse(connection, error)
            return False
        if whole:
            self._unwatch(connection)
            self._give(connection)
            return False
        if connection.on_disk and self.share.spooled > self._terms.spool:
            self._free_disk()
            return connection in self._connections and connection.state is State.READING
        return True

    def _give(self, connection: Connection) -> None:
        connection.working = True
        if connection.large and not connection.shown:
            self._large.give(connection)
        elif connection.ahead:
            self._ahead.give(connection)
        else:
            self.tpool.give(connection)

    def _ended(self, connection: Connection) -> None:
        """The client sends no more."""
        error = connection.broken_off()
        if connection.state is State.LINGERING or error is None:
            self._close(connection)
        else:
            self._unwatch(connection)
            self._refuse(connection, error)

    def _take_what_is_here(self, connection: Connection) -> None:
        """What was sent ahead makes no socket readable."""
        if connection in self._connections and not connection.working:
            self._take(connection)

    def _close(self, connection: Connection) -> None:
        self._unwatch(connection)
        if connection in self._connections:
            del self._connections[connection]
            self._tell()
            connection.end()

    def _tell(self) -> None:
        self.nr_conns = len(self._connections)
        if self.alive:
            self.share.tell(self.nr_conns)
            self.share.live()

    def _look(self) -> None:
        """Say that this worker lives, and close what is late."""
        self._looked = now = time.monotonic()
        self.notify()
        self._tell()
        for connection in list(self._connections):
            if connection.working:
                continue
            if not self.alive:
                connection.deadline = min(connection.deadline, now + STOP)
            if now < connection.deadline:
                continue
            error = connection.late()
            if error is None:
                self._close(connection)
            else:
                self._unwatch(connection)
                self._refuse(connection, error)
        if self.share.spooled > self._terms.spool:
            self._free_disk()

    # making room

    def _waiting(self) -> list[Connection]:
        return [c for c in self._connections if not c.working]

    def _make_room(self) -> bool:
        """Close who has been idle for longest, a few at a time since it takes time to look; if
        nobody is idle, who has been sending or taking for longest."""
        self._limits.met(f"{self.worker_connections} connections; the idle ones go first")
        before = len(self._connections)
        enough = before - max(1, before // 32)
        for connection in sorted(self._waiting(), key=lambda c: (c.rank, c.since)):
            if len(self._connections) <= enough:
                break
            if connection.idle:
                self._ready(connection)  # it may have sent something just now
                if not connection.idle:
                    continue
            elif connection.rank and len(self._connections) < before:
                break
            self._close(connection)
        return len(self._connections) < before

    def _free_disk(self) -> None:
        """End the request or the answer that has been on disk for longest."""
        waiting = [c for c in self._waiting() if c.on_disk]
        if waiting:
            self._limits.met(f"{self._terms.spool:,} bytes of requests and answers on disk")
            slowest = min(waiting, key=lambda c: c.since)
            if slowest.state is State.READING:
                self._unwatch(slowest)
                self._refuse(slowest, Overloaded.by_uploads())
            else:
                self._close(slowest)

    # a thread

    def _work(self, connection: Connection, since: float) -> None:
        connection.given = since
        if time.monotonic() > since + QUEUED and connection.gone():
            self._go_on(connection, keep=False)
            return
        while self._answer(connection):
            if connection.large or connection.ahead or self.tpool.busy:
                self._give(connection)
                return
            connection.given = time.monotonic()

    def _work_ahead(self, connection: Connection, since: float) -> None:
        """Such requests come without a pause, and would take half of the interpreter."""
        begun = time.monotonic()
        self._work(connection, since)
        if self.tpool.working or self._large.working:
            time.sleep(min(LONGEST_REST, AHEAD_RESTS * (time.monotonic() - begun)))

    def _answer(self, connection: Connection) -> bool:
        """Answer the request; whether the client's next one is here, whole, and still this
        thread's. Otherwise the connection is given away."""
        try:
            keep = bool(self.handle_request(connection.request, connection))
            connection.push()
            if not keep or connection.unsent:
                self._go_on(connection, keep)
                return False
            connection.next()
            if self._asks_again(connection):
                return True
            self._wait_for_more(connection)
        except BodyAsked:
            self._ask(connection)
        except (OSError, StopIteration):  # the client is gone, or the answer broke off
            self._go_on(connection, keep=False)
        except Exception as error:  # noqa: BLE001  # told, and logged where it is ours
            self._refuse(connection, error)
        return False

    def _asks_again(self, connection: Connection) -> bool:
        """One of few clients that asks again at once saves the way over the loop: this thread looks
        for a millisecond, and only takes what is there."""
        if connection.pending:
            return connection.whole()
        stays = self.alive and len(self._connections) <= FEW and connection.readable(STAY_MS)
        return stays and connection.receive() and connection.whole()

    def _ask(self, connection: Connection) -> None:
        try:
            connection.wants_body()
        except FitserveError as error:
            self._refuse(connection, error)
        except OSError:
            self._go_on(connection, keep=False)
        else:
            self._wait_for_more(connection)

    def _refuse(self, connection: Connection, error: BaseException) -> None:
        """Answer with a problem, and end. For a thread, or the loop."""
        told = refusal(error)
        request_id = name_of_request(connection)
        if told.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.error("Error handling the request %s", request_id, exc_info=error)
        request = connection.request
        head, body = answer(told, request_id, "" if request is None else request.path or "")
        if request is not None and request.method == "HEAD":
            body = b""
        self.log.refused(connection, told, len(body), request_id)
        with contextlib.suppress(OSError):
            connection.sendall(head + body)
            connection.push()
        self._go_on(connection, keep=False)

    def _go_on(self, connection: Connection, keep: bool | None = None) -> None:
        """The answer is given, or is with the loop. For a thread, or the loop."""
        if keep is not None:
            connection.keep = keep
        if connection.unsent:
            connection.send_slowly()
            self._wait_for(connection, selectors.EVENT_WRITE)
        elif connection.keep:
            connection.next()
            self._wait_for_more(connection)
        else:
            with contextlib.suppress(OSError):
                connection.linger()
            self._wait_for(connection)

    def _wait_for(self, connection: Connection, events: int = selectors.EVENT_READ) -> None:
        """Give the connection back to the loop; no more is done with it here."""
        connection.watched = True
        self.poller.register(connection.real, events, connection)
        connection.working = False

    def _unwatch(self, connection: Connection) -> None:
        """Of one that came just now the loop has not heard yet, and what is not registered costs
        two calls of the system: the error shows the socket's addresses."""
        if connection.watched:
            connection.watched = False
            with contextlib.suppress(KeyError, ValueError):
                self.poller.unregister(connection.real)

    def _wait_for_more(self, connection: Connection) -> None:
        """The same, where something may be here already."""
        ahead = connection.pending
        self._wait_for(connection)
        if ahead:
            self.method_queue.defer(self._take_what_is_here, connection)

    # stopping

    def _stop(self) -> None:
        self.log.info("Stopping; what is being trained may end (a second signal hurries)")
        self._directory.wind_down()
        stopped = time.monotonic()
        self.share.leave()
        self._stop_listening(stopped + HANDSHAKE)
        self._terms.hurry(STOP)
        while self._connections and time.monotonic() < stopped + self.cfg.graceful_timeout:
            self._turn()
        self.poller.close()
        self.method_queue.close()

    def _stop_listening(self, until: float) -> None:
        """Take the connections that were made already or are half made, and let the port go.

        Left open while requests and trainings end, it would take in more and drop them at last.
        """
        while True:
            for listener, name in self._names:
                while self._take_one(listener, name):
                    pass
            if time.monotonic() >= until:
                break
            self._turn()
        for listener, name in self._names:
            shut(listener, partial(self._take_one, listener, name))

    def notify(self) -> None:
        """Called by every loop of this worker, every second at least."""
        super().notify()
        self._heed_stop()
        if self._hurried or os.getppid() != self.ppid:
            self._directory.abort()
        if self._directory.outdated is not None and self.alive:
            self._end_server(self._directory.outdated)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """A stop in a hurry. Unlike gunicorn's own it is only noted here: the signal may have
        come while this very thread holds a lock that ending at once would wait for."""
        self._hurry()
        self.handle_exit(sig, frame)

    def _heed_stop(self) -> None:
        """Stop with the server, if the signal for that came before this worker could hear it."""
        if self.share.stopped:
            self.alive = False
            if self.share.stopped == SOON and not self._hurried:
                self._hurry()

    def is_parent_alive(self) -> bool:
        """Without its master a worker stops, and soon: the port it holds is wanted."""
        alive: bool = super().is_parent_alive()
        if not alive:
            self._hurry()
            self.alive = False
        return alive

    def _end_server(self, why: StoreTooNew) -> None:
        """Stop all of it, and well: another worker in this one's place would fare no better.

        (This worker's exit code could not say so. gunicorn cuts its stop short at the second.)
        """
        self.log.critical("%s", why)
        self.share.end()
        self.alive = False
        if os.getppid() == self.ppid:
            os.kill(self.ppid, signal.SIGTERM)

    def _hurry(self) -> None:
        self._hurried = True
        self.cfg.set("graceful_timeout", HURRY)

    @property
    def _directory(self) -> ModelDirectory:
        directory: Any = self.wsgi.extensions["fitserve"]
        assert isinstance(directory, ModelDirectory)
        return directory
