"""A process that forks others on request, each for one piece of work.

A worker has one such: it has loaded what they need, runs no other thread and so forks safely, and
ends when it was idle for long. What it forks is asked and answers over a socket: JSON and arrays,
never pickle. When the worker is gone, however it went, both see their sockets closed, and end.
(Not `multiprocessing`: its processes would run the worker's main script again, and be waited for
when the worker exits. Nor gunicorn's dirty workers: they stay, with threads in them, and no single
piece of work can be limited or killed.)
"""

import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NoReturn

import numpy as np

from fitserve.storage import codec

NICE = 6
"""Of the process that forks, and of what it forks: the worker goes first, and all its threads."""
IDLE = 60.0  # seconds after which the forking process ends
START = 10  # seconds that the forking process may take to start and answer
ANSWER = 1  # and, once it has, to answer; it takes some milliseconds

Task = Callable[[Connection], None]
"""What is done in a process of its own, for whoever is at the other end."""


class ForkServer:
    """The process that forks; started when it is needed."""

    def __init__(self, module: str) -> None:
        """`module` is run there: it calls `fork_on_request`."""
        self._module = module
        self._lock = Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self, task: str, patience: int) -> tuple[Connection, int]:
        """A connection to a new process at this task, which waits no longer than `patience`
        seconds for it to go on, and its process id; OSError or EOFError if there can be none."""
        connection, pid = self._fork(patience)
        send(connection, {"task": task})
        return connection, pid

    def _fork(self, patience: int) -> tuple[Connection, int]:
        with self._lock:
            if self._control is not None:
                try:
                    return self._forked(patience, ANSWER)
                except (OSError, EOFError):  # it was idle, stopped or killed: a new one, then
                    self.close()
            self._start()
            try:
                return self._forked(patience, START)
            except (OSError, EOFError):
                self.close()
                raise

    def _forked(self, patience: int, seconds: int) -> tuple[Connection, int]:
        assert self._control is not None
        ours, theirs = socket.socketpair()
        for limit in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):  # a message may stop half way
            ours.setsockopt(socket.SOL_SOCKET, limit, struct.pack("ll", patience, 0))
        connection = Connection(ours.detach())
        try:
            with theirs:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            if not connection.poll(seconds):
                raise TimeoutError
            return connection, receive(connection)["pid"]
        except BaseException:
            connection.close()
            raise

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(ANSWER)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", self._module, str(theirs.fileno())],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                process_group=0,  # what is sent to the server's group is not meant for it
            )

    def close(self) -> None:
        """Be rid of the process; what it forked goes on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._control is not None:
            self._control.close()
            self._control = None


def send(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Connection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(connection.recv_bytes())
    return message


def send_state(connection: Connection, told: dict[str, Any], state: Mapping[str, Any]) -> None:
    """What is told, and arrays and JSON by name, without a copy of the arrays on the way."""
    values, texts, arrays = codec.sorted_out(state)
    shapes = [(name, one.dtype.str, one.shape) for name, one in arrays.items()]
    send(connection, {"told": told, "values": values, "texts": texts, "arrays": shapes})
    for one in arrays.values():
        left = np.ascontiguousarray(one).reshape(-1).view(np.uint8).data
        while left:
            left = left[os.write(connection.fileno(), left) :]


def receive_state(connection: Connection) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `send_state` sent."""
    return receive_arrays(connection, receive(connection))


def receive_arrays(
    connection: Connection, message: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The same of which the message before the arrays was received."""
    state: dict[str, Any] = message["values"]
    for name, texts in message["texts"].items():
        state[name] = np.array(texts, dtype=object)
    for name, dtype, shape in message["arrays"]:
        state[name] = np.empty(shape, np.dtype(dtype))
        left = state[name].reshape(-1).view(np.uint8).data
        while left:
            read = os.readv(connection.fileno(), [left])
            if not read:
                raise EOFError
            left = left[read:]
    return message["told"], state


# ------------------------------------------------------------------------------- in there


def fork_on_request(tasks: Mapping[str, Task]) -> None:
    """Fork a process for every connection that comes in, until there is nobody to ask for one."""
    for unwanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(unwanted, signal.SIG_IGN)  # a stop waits for trainings; the worker kills
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how one of them ended
    _come_behind(os.getppid())
    with socket.socket(fileno=int(sys.argv[1])) as control:
        control.settimeout(IDLE)
        while True:
            try:
                message, fds, _, _ = socket.recv_fds(control, 1, 1)
            except TimeoutError:
                if _childless():
                    return
                continue
            if not message:
                return
            with suppress(OSError):  # no process left: closing the connection says so
                if os.fork() == 0:
                    control.close()
                    _do(Connection(fds[0]), tasks)
            os.close(fds[0])


def _come_behind(worker: int) -> None:
    """Not by `os.nice`: it may be a thread of the worker that started this which does so itself."""
    priority = partial(os.getpriority, os.PRIO_PROCESS)
    os.setpriority(os.PRIO_PROCESS, 0, max(priority(0), priority(worker) + NICE))


def _childless() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def _do(connection: Connection, tasks: Mapping[str, Task]) -> NoReturn:
    try:
        Thread(target=_leave_with, args=(connection.fileno(),), daemon=True).start()
        send(connection, {"pid": os.getpid()})
        with suppress(EOFError, ConnectionError):  # the worker does not want it any more
            tasks[receive(connection)["task"]](connection)
    finally:
        os._exit(0)  # whatever happened: this process must not go on as the one it came from


def _leave_with(fd: int) -> None:
    """End when the other side of the connection does."""
    gone = select.poll()
    gone.register(fd, 0)  # nothing but its end
    gone.poll()
    os._exit(1)


def limit(seconds: int, memory_mb: int, niceness: int) -> None:
    """What this process may take, beside the memory that it has already; `niceness` is from the
    worker's, and at least `NICE`."""
    os.nice(max(0, niceness - NICE))
    with suppress(OSError):  # when memory runs out all the same, this is what shall go
        Path("/proc/self/oom_score_adj").write_text("1000")
    # Time and memory again by the kernel, which needs nobody to look.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds + 10, seconds + 10))
    with suppress(OSError, ValueError):  # systems that have no such limit, or no /proc
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        most = used + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
