"""Training in a process of its own, which can be limited and killed.

A worker has one process that forks trainers on request: it has loaded what they need, runs no
other thread and so forks safely, and ends when it was idle for long. A trainer is asked and
answers over a socket: JSON and npz, never pickle. When the worker is gone, however it went, both
see their sockets closed, and end. (Not `multiprocessing`: its trainers would run the worker's main
script again, and be waited for when the worker exits. Nor gunicorn's dirty workers: they stay, with
threads in them, and no single training can be limited or killed.)
"""

import json
import logging
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
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from time import monotonic
from typing import Any, NoReturn

from fitserve.data.learning import Examined
from fitserve.data.limits import CELLS
from fitserve.errors import FAULT, Busy, Fault, FitserveError, InvalidRequest, TrainingLimit
from fitserve.evaluation.findings import Findings
from fitserve.evaluation.plan import Plan
from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.storage import codec
from fitserve.training.training import Ongoing, Trained, Training, trained

log = logging.getLogger(__name__)

LOOK_EVERY = 0.2  # seconds between looks whether to go on
REPORT_EVERY = 0.1  # seconds between reports of progress
IDLE = 60.0  # seconds after which the forking process ends
START = 10  # seconds that the forking process may take to start and answer
ANSWER = 1  # and, once it has, to answer; it takes some milliseconds
LARGEST = 900  # MiB of what was learned: databases take a value of 1 GB at most


@dataclass(frozen=True)
class Limits:
    """What one training may take."""

    seconds: int = 300
    memory_mb: int = 2048
    cells: int = CELLS


class ForkServer:
    """The process that forks trainers; started when it is needed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def fork(self, patience: int) -> tuple[Connection, int]:
        """A connection to a new trainer, which waits no longer than `patience` seconds for it to
        go on, and its process id; OSError or EOFError if there can be none."""
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
            return connection, _receive(connection)["pid"]
        except BaseException:
            connection.close()
            raise

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(ANSWER)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", "fitserve.training.process", str(theirs.fileno())],
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


def train(
    server: ForkServer,
    training: Training,
    ongoing: Ongoing,
    limits: Limits,
    go_on: Callable[[], None] = lambda: None,
) -> Trained:
    """Train in a new process. Raises what training raises, `TrainingLimit` when that goes over
    its limits or dies, why it was ended, or what `go_on` raises; then the process is no more."""
    model_type = training.key.model_type
    try:
        connection, pid = server.fork(limits.seconds)
    except (OSError, EOFError) as error:
        log.error("No process could be started to train a %s model: %r", model_type, error)
        raise Busy.full("The machine has no process left to train in.") from error
    deadline = monotonic() + limits.seconds
    try:
        _send(connection, {"model_type": model_type} | vars(limits))
        told = {"hyperparameters": training.model.hyperparameters()}
        _send_packed(connection, codec.pack(told, dict(training.data())))
        while True:
            if connection.poll(min(LOOK_EVERY, max(0.0, deadline - monotonic()))):
                answer = _receive(connection)
                if "progress" in answer:
                    ongoing.watch(answer["progress"], answer["loss"])
                else:
                    return _outcome(connection, answer, training, limits)
            ongoing.go_on()
            go_on()
            if monotonic() > deadline:
                raise TrainingLimit.time(limits.seconds)
    except (EOFError, ConnectionError) as error:
        log.warning("The process %d, training a %s model, died", pid, model_type)
        raise TrainingLimit.killed() from error
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if isinstance(error, BlockingIOError):  # it was stopped in the middle of a message
            raise TrainingLimit.time(limits.seconds) from error
        raise
    finally:
        connection.close()


def _outcome(
    connection: Connection, answer: dict[str, Any], training: Training, limits: Limits
) -> Trained:
    if "faults" in answer:
        raise InvalidRequest(map(Fault.unpacked, answer["faults"]), answer["total"])
    if "exhausted" in answer:
        raise TrainingLimit.memory(limits.memory_mb)
    if "too_large" in answer:
        raise TrainingLimit.learned(answer["too_large"])
    if "fault" in answer:
        raise FitserveError(FAULT)
    told, state = _receive_packed(connection)
    found, sample = _receive_packed(connection)
    model = training.model.restored(training.model.hyperparameters(), state)
    return Trained(model, told["seconds"], told["score"], Findings(found, sample))


def _send(connection: Connection, message: dict[str, Any]) -> None:
    connection.send_bytes(json.dumps(message).encode())


def _receive(connection: Connection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(connection.recv_bytes())
    return message


def _send_packed(connection: Connection, packed: codec.Packed) -> None:
    _send(connection, {name: value for name, value in vars(packed).items() if name != "arrays"})
    connection.send_bytes(packed.arrays)


def _receive_packed(connection: Connection) -> tuple[dict[str, Any], dict[str, Any]]:
    rest = _receive(connection)
    return codec.unpack(codec.Packed(arrays=connection.recv_bytes(), **rest))


# ------------------------------------------------------------------------------- in there


def main() -> None:
    """Fork a trainer for every connection that comes in, until there is nobody to ask for one."""
    for unwanted in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(unwanted, signal.SIG_IGN)  # a stop waits for trainings; the worker kills
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a trainer ended
    types = catalog()
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
                    _trainer(Connection(fds[0]), types)
            os.close(fds[0])


def _childless() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return True
    return False


def _trainer(connection: Connection, types: Mapping[str, type[Model]]) -> NoReturn:
    try:
        Thread(target=_leave_with, args=(connection.fileno(),), daemon=True).start()
        _send(connection, {"pid": os.getpid()})
        asked = _receive(connection)
        _limit(asked["seconds"], asked["memory_mb"])
        try:
            _answer(connection, types[asked["model_type"]])
        except MemoryError:
            _send(connection, {"exhausted": True})
        except InvalidRequest as error:
            faults = [fault.packed() for fault in error.faults]
            _send(connection, {"faults": faults, "total": error.total})
        except (EOFError, ConnectionError):
            pass  # the worker does not want it any more
        except Exception:
            log.exception("A fault in training a %s model", asked["model_type"])
            _send(connection, {"fault": True})
    finally:
        os._exit(0)  # whatever happened: this process must not go on as the one it came from


def _leave_with(fd: int) -> None:
    """End when the other side of the connection does."""
    gone = select.poll()
    gone.register(fd, 0)  # nothing but its end
    gone.poll()
    os._exit(1)


def _limit(seconds: int, memory_mb: int) -> None:
    os.nice(19)
    with suppress(OSError):  # when memory runs out all the same, this is what shall go
        Path("/proc/self/oom_score_adj").write_text("1000")
    # Time and memory again by the kernel, which needs nobody to look.
    resource.setrlimit(resource.RLIMIT_CPU, (seconds + 10, seconds + 10))
    with suppress(OSError, ValueError):  # systems that have no such limit, or no /proc
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        limit = used + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _answer(connection: Connection, cls: type[Model]) -> None:
    told, data = _receive_packed(connection)
    reported = -REPORT_EVERY

    def watch(progress: float, loss: float | None) -> None:
        nonlocal reported
        if monotonic() - reported > REPORT_EVERY:
            reported = monotonic()
            _send(connection, {"progress": progress, "loss": loss})

    model, plan = cls(**told["hyperparameters"]), Plan(**data["plan"])
    source = Examined.restored(data) if "table" in data else None
    done = trained(model, data["X"], data["y"], watch, plan, source)
    packed = codec.pack({"seconds": done.seconds, "score": done.score}, done.model.state())
    if len(packed.arrays) > LARGEST * 2**20:
        _send(connection, {"too_large": LARGEST})
        return
    _send(connection, {"trained": True})
    _send_packed(connection, packed)
    _send_packed(connection, codec.pack(done.findings.told, done.findings.sample))


if __name__ == "__main__":
    main()
