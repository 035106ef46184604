"""Training in a process of its own, which can be limited and killed."""

import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any

from fitserve.data.learning import Examined
from fitserve.data.limits import CELLS
from fitserve.errors import FAULT, Busy, Fault, FitserveError, InvalidRequest, TrainingLimit
from fitserve.evaluation.findings import Findings
from fitserve.evaluation.plan import Plan
from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.processes import forking
from fitserve.processes.forking import ForkServer, receive, receive_state, send, send_state
from fitserve.storage import codec
from fitserve.training.training import Ongoing, Trained, Training, trained

log = logging.getLogger(__name__)

TASK = "train"
LOOK_EVERY = 0.2  # seconds between looks whether to go on
REPORT_EVERY = 0.1  # seconds between reports of progress
LARGEST = 900  # MiB of what was learned: databases take a value of 1 GB at most


@dataclass(frozen=True)
class Limits:
    """What one training may take."""

    seconds: int = 300
    memory_mb: int = 2048
    cells: int = CELLS


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
        connection, pid = server.fork(TASK, limits.seconds)
    except (OSError, EOFError) as error:
        log.error("No process could be started to train a %s model: %r", model_type, error)
        raise Busy.full("The machine has no process left to train in.") from error
    deadline = monotonic() + limits.seconds
    try:
        send(connection, {"model_type": model_type} | vars(limits))
        told = {"hyperparameters": training.model.hyperparameters()}
        send_state(connection, told, training.data())
        while True:
            if connection.poll(min(LOOK_EVERY, max(0.0, deadline - monotonic()))):
                answer = receive(connection)
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
    told, state = receive_state(connection)
    found, sample = receive_state(connection)
    model = training.model.restored(training.model.hyperparameters(), state)
    return Trained(model, told["seconds"], told["score"], Findings(found, sample))


# ------------------------------------------------------------------------------- in there


def main() -> None:
    forking.fork_on_request({TASK: task()})


def task() -> forking.Task:
    """What trains, with all types loaded."""
    types = catalog()

    def train_there(connection: Connection) -> None:
        asked = receive(connection)
        forking.limit(asked["seconds"], asked["memory_mb"], niceness=19)
        try:
            _answer(connection, types[asked["model_type"]])
        except MemoryError:
            send(connection, {"exhausted": True})
        except InvalidRequest as error:
            faults = [fault.packed() for fault in error.faults]
            send(connection, {"faults": faults, "total": error.total})
        except (EOFError, ConnectionError):
            raise
        except Exception:
            log.exception("A fault in training a %s model", asked["model_type"])
            send(connection, {"fault": True})

    return train_there


def _answer(connection: Connection, cls: type[Model]) -> None:
    told, data = receive_state(connection)
    reported = -REPORT_EVERY

    def watch(progress: float, loss: float | None) -> None:
        nonlocal reported
        if monotonic() - reported > REPORT_EVERY:
            reported = monotonic()
            send(connection, {"progress": progress, "loss": loss})

    model, plan = cls(**told["hyperparameters"]), Plan(**data["plan"])
    source = Examined.restored(data) if "table" in data else None
    done = trained(model, data["X"], data["y"], watch, plan, source)
    state = done.model.state()
    _, _, arrays = codec.sorted_out(state)
    if sum(one.nbytes for one in arrays.values()) > LARGEST * 2**20:
        send(connection, {"too_large": LARGEST})
        return
    send(connection, {"trained": True})
    send_state(connection, {"seconds": done.seconds, "score": done.score}, state)
    send_state(connection, done.findings.told, done.findings.sample)


if __name__ == "__main__":
    main()
