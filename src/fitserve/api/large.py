"""A large body, read in a process of its own: what the worker sees of it."""

import os
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Semaphore
from time import monotonic, perf_counter_ns
from typing import Any

import numpy as np

from fitserve.api import apart
from fitserve.api.asked import MatrixRows, Rows, of_columns, y_in_table
from fitserve.api.inference_requests import Inference, asked, from_apart, json_size
from fitserve.api.request import Request, parse
from fitserve.api.schemas import EvaluateRequest, ListRequest, PredictRequest, RegisterRequest
from fitserve.data.arrays import FloatArray, Target
from fitserve.data.columns import Columns
from fitserve.data.csv import CsvFile, Opened
from fitserve.data.dialect import Dialect
from fitserve.data.head import Head
from fitserve.data.packing import unpacked
from fitserve.data.records import Position
from fitserve.data.table import Place, Table
from fitserve.errors import (
    FAULT,
    Fault,
    FitserveError,
    InvalidRequest,
    Location,
    MalformedJson,
    Overloaded,
    TakesTooMuch,
    TooLarge,
)
from fitserve.models.base import Model
from fitserve.processes.forking import ForkServer, receive, receive_arrays, send
from fitserve.processes.slots import Slots
from fitserve.storage.cache import Loaded
from fitserve.storage.store import Key
from fitserve.training.training import Training
from fitserve.training.turns import Turns

SMALL = 2**15
"""Bytes of which reading takes few milliseconds, whatever they hold."""
LARGE = 2**20
"""Bytes, unpacked, from which on a body is read in a process of its own."""
HEAVY = 10e6
"""Nanoseconds that reading takes from which on a smaller one is, too; sooner it is not worth it."""
_TAKES = {b",": 35, b'"': 70, b"[": 170, b"{": 170}  # nanoseconds, measured, and 4 for each byte
PATIENCE = 0.2
"""Seconds to wait for room to wait in."""
LONGEST = 15.0
"""Seconds to wait for bodies that other workers read."""
LOOK_EVERY = 0.05  # seconds between looks at the memory that reading takes

State = dict[str, Any]


class Reader:
    """Reads the large bodies of a worker, one at a time, and of all workers a few."""

    def __init__(self, server: ForkServer, waiting: Semaphore) -> None:
        self._server = server
        self._waiting = waiting
        self._turns = Turns(1)
        self._slots: Slots | None = None

    def join(self, slots: Slots) -> None:
        """Read no more at a time than these slots, which others have, too."""
        self._slots = slots

    @contextmanager
    def read(
        self,
        schema: type[Request],
        received: Callable[[], bytes],
        encoding: str,
        limit: int,
        gone: Callable[[], bool],
    ) -> Iterator[Any]:
        """The request of this schema that the body holds, as it is asked further.

        `received` is asked for the body when its turn has come, `gone` whether nobody wants it any
        more. Raises what reading a small one raises, `TakesTooMuch`, or `Overloaded`.
        """
        with ExitStack() as held:
            held.enter_context(self._turn(self._turns, gone))
            body = received()
            small = _small(body, encoding, limit)
            if small is not None:
                ask: Any = parse(schema, small)
                held.close()
            else:
                reading = self._apart(held, gone)
                wanted = {"schema": schema.__name__, "encoding": encoding, "limit": limit}
                ask = _AS[schema](reading.begin(wanted, body), reading)
            del body
            yield ask

    def whole(
        self, received: Callable[[], bytes], json_length: str | None, gone: Callable[[], bool]
    ) -> Inference:
        """The inference that the body asks for, at once. Tensors behind a small JSON are read
        here, which is quick."""
        with ExitStack() as held:
            held.enter_context(self._turn(self._turns, gone))
            begun = perf_counter_ns()
            body = received()
            if is_light(body, json_size(json_length, len(body))):
                return asked(body, json_length)
            reading = self._apart(held, gone)
            told, arrays = reading.whole({"json_length": json_length}, body)
        return from_apart(told, arrays, begun)

    def _apart(self, held: ExitStack, gone: Callable[[], bool]) -> "_Reading":
        """A process for one body, until `held` is closed."""
        if self._slots is not None:
            since = monotonic()

            def go_on() -> None:
                if gone():
                    raise Overloaded.by_leaving()
                if monotonic() > since + LONGEST:
                    raise Overloaded.by_bodies()

            held.enter_context(self._slots.slot(go_on))
        return held.enter_context(_reading(self._server, held, gone))

    @contextmanager
    def csv(self, gone: Callable[[], bool]) -> Iterator[Opened]:
        """Opens a body that is CSV as `CsvFile` does, to be read elsewhere, each time anew."""
        with ExitStack() as all_held:
            last = ExitStack()

            def begin() -> _Reading:
                nonlocal last
                last.close()  # of a file that was opened and never read, because of another fault
                held = last = all_held.enter_context(ExitStack())
                held.enter_context(self._turn(self._turns, gone))
                return self._apart(held, gone)

            yield lambda body, dialect: LargeCsv(body, dialect, begin)

    @contextmanager
    def _turn(self, turns: Turns, gone: Callable[[], bool]) -> Iterator[None]:
        """A turn at what takes long to read; only so many threads may wait for theirs. Raises
        `Overloaded`."""

        def go_on() -> None:
            if gone():
                raise Overloaded.by_leaving()

        if not self._waiting.acquire(timeout=PATIENCE):
            raise Overloaded.by_bodies()
        try:
            with turns.turn(go_on):
                yield
        finally:
            self._waiting.release()


def is_light(text: bytes, length: int | None = None) -> bool:
    """Whether as many bytes of JSON are read in few milliseconds: a million digits are, and not
    as many brackets."""
    length = len(text) if length is None else length
    if length > LARGE:
        return False
    if length <= SMALL:
        return True
    takes = sum(each * text.count(mark, 0, length) for mark, each in _TAKES.items())
    return 4 * length + takes <= HEAVY


def _small(body: bytes, encoding: str, limit: int) -> bytes | None:
    """The body unpacked, if it is read quickly so."""
    least = min(limit, LARGE)
    try:
        text = unpacked(body, encoding, least)
    except TooLarge:
        if least == limit:
            raise
        return None
    return text if is_light(text) else None


class _Reading:
    """One body that is read."""

    def __init__(
        self, connection: Connection, pid: int, held: ExitStack, gone: Callable[[], bool]
    ) -> None:
        self._connection, self._held, self._gone = connection, held, gone
        self._memory = Path(f"/proc/{pid}/statm")
        self._before = self._used()
        self._deadline = monotonic() + apart.SECONDS
        self._of_csv = False

    def begin(self, wanted: dict[str, Any], body: bytes) -> Any:
        """The small members."""
        self._of_csv = wanted["schema"] == apart.CSV
        send(self._connection, wanted)
        self._connection.send_bytes(body)
        return self._answer()["asked"]

    def take(self, **known: Any) -> tuple[dict[str, Any], State]:
        """The large ones, as arrays; the process is not needed any more."""
        send(self._connection, known)
        taken = receive_arrays(self._connection, self._answer())
        self._held.close()
        return taken

    def whole(self, wanted: dict[str, Any], body: bytes) -> tuple[dict[str, Any], State]:
        """All of it, where nothing has to be known first."""
        send(self._connection, wanted | {"schema": None})
        self._connection.send_bytes(body)
        return receive_arrays(self._connection, self._answer())

    def _answer(self) -> dict[str, Any]:
        while not self._connection.poll(LOOK_EVERY):
            if self._gone():
                raise Overloaded.by_leaving()
            if monotonic() > self._deadline:
                raise Overloaded.by_reading(apart.SECONDS)
            if self._used() - self._before > apart.MEMORY_MB * 2**20:
                raise TakesTooMuch(apart.MEMORY_MB, self._of_csv)
        answer = receive(self._connection)
        if "faults" in answer:
            raise _wrong(answer)
        if "malformed" in answer:
            raise MalformedJson(answer["malformed"])
        if "too_large" in answer:
            raise TooLarge(answer["too_large"])
        if "exhausted" in answer:
            raise TakesTooMuch(apart.MEMORY_MB, self._of_csv)
        if "fault" in answer:
            raise FitserveError(FAULT)
        return answer

    def _used(self) -> int:
        with suppress(OSError, IndexError):  # it has ended; or there is no /proc
            return int(self._memory.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return 0


@contextmanager
def _reading(server: ForkServer, held: ExitStack, gone: Callable[[], bool]) -> Iterator[_Reading]:
    try:
        connection, pid = server.fork(apart.TASK, apart.SECONDS)
    except (OSError, EOFError) as error:
        raise Overloaded.of_memory() from error
    reading = _Reading(connection, pid, held, gone)
    try:
        yield reading
    except BaseException as error:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if isinstance(error, (EOFError, ConnectionError, BlockingIOError)):
            raise Overloaded.of_memory() from error
        raise
    finally:
        connection.close()


# ------------------------------------------------------------------------- what was asked


class LargeRegistration:
    """POST /register."""

    def __init__(self, told: dict[str, Any], reading: _Reading) -> None:
        self.model_type: str = told["model_type"]
        self._id, self._reading = told["model_id"], reading

    def training(self, cls: type[Model]) -> Training:
        told, data = self._reading.take()
        lacking = dict.fromkeys(("hyperparameters", "feature_names"))
        cell = _place(told["form"], told["names"], ("X",))
        return Training.restored(Key(self.model_type, self._id), cls, lacking, data, cell)


class LargePrediction:
    """POST /predict."""

    def __init__(self, told: dict[str, Any], reading: _Reading) -> None:
        self.model_type: str = told["model_type"]
        self.model_id: int = told["model_id"]
        self.probabilities: bool = told["probabilities"]
        self._reading = reading

    def rows(self, loaded: Loaded) -> tuple[Rows, bool]:
        """The rows, and whether it was one, not in a list."""
        told, state = self._reading.take(**_known(loaded))
        return _rows(told, state, loaded), told["single"]


class LargeEvaluation:
    """POST /evaluate."""

    def __init__(self, told: dict[str, Any], reading: _Reading) -> None:
        self.model_type: str = told["model_type"]
        self.model_id: int = told["model_id"]
        self.importance: bool = told["importance"]
        self.repeats: int = told["repeats"]
        self._reading = reading

    def rows(self, loaded: Loaded) -> tuple[Rows, Target | None, Callable[[Location], Location]]:
        """The rows, y or None, and where a value of y stands."""
        told, state = self._reading.take(**_known(loaded), supervised=loaded.model.supervised())
        y = state.get("y", np.empty(0)) if told["y"] else None
        rows = _rows(told, state, loaded)
        if told["y_in"] is None:
            return rows, y, lambda loc: loc
        return rows, y, y_in_table(told["y_in"], told["form"] == "columns")


def _listing(told: dict[str, Any], _: _Reading) -> ListRequest:
    return ListRequest.model_validate(told)


_AS: dict[type[Request], Callable[[dict[str, Any], _Reading], Any]] = {
    RegisterRequest: LargeRegistration,
    PredictRequest: LargePrediction,
    EvaluateRequest: LargeEvaluation,
    ListRequest: _listing,
}


def _wrong(told: dict[str, Any]) -> InvalidRequest:
    return InvalidRequest(map(Fault.unpacked, told["faults"]), told["total"], told["add"])


# --------------------------------------------------------------------------------- tables


def _known(loaded: Loaded) -> dict[str, Any]:
    columns = loaded.columns
    return {
        "columns": None if columns is None else columns.state(),
        "n_features": loaded.model.n_features_in_,
        "feature_names": loaded.feature_names if columns is None else None,
    }


def _rows(told: dict[str, Any], state: State, loaded: Loaded) -> Rows:
    if loaded.columns is None:
        return MatrixRows(state["X"], single=told["single"])
    place = _place(told["form"], loaded.columns.names, ("features",), told["single"])
    if told["wrong"] is not None:
        return WrongRows(told["n_rows"], _wrong(told["wrong"]))
    texts = {(name, row): text for name, row, text in told["written"]}
    table = Table.restored(state, place, lambda row, name: texts.get((name, row), ""))
    return TableRows(table, loaded.columns)


def _place(form: str, names: list[str], loc: Location, single: bool = False) -> Place:
    """Where a cell stands in a table that was sent in this form."""
    at = {name: j for j, name in enumerate(names)}
    if form == "lists":
        return lambda row, name: (*loc, at[name]) if single else (*loc, row, at[name])
    if form == "columns":
        return lambda row, name: (*loc, name) if single else (*loc, name, row)
    return lambda row, name: (*loc, row, name)


class TableRows(Rows):
    """Rows of a table that was read elsewhere."""

    def __init__(self, table: Table, columns: Columns) -> None:
        self._table, self._columns = table, columns
        self.n_rows = table.n_rows
        self.cost = float(columns.n_encoded)

    def parts(self, step: int) -> Iterator[FloatArray]:
        return map(self._columns.encode, self._table.blocks(step))

    def located(self, start: int) -> AbstractContextManager[None]:
        return of_columns(
            self._columns, lambda loc: self._columns.place(self._table.place, loc, start)
        )


class WrongRows(Rows):
    """Rows that were found elsewhere to be no table."""

    cost = 0.0

    def __init__(self, n_rows: int, why: InvalidRequest) -> None:
        self.n_rows, self._why = n_rows, why

    def parts(self, step: int) -> Iterator[FloatArray]:
        raise self._why

    def located(self, start: int) -> AbstractContextManager[None]:
        return nullcontext()


# ------------------------------------------------------------------------------------ CSV


class LargeCsv(CsvFile):
    """A CSV of which another process reads the head and every table."""

    cell_cost = 0.0

    def __init__(self, body: bytes, dialect: Dialect, begin: Callable[[], _Reading]) -> None:
        """`begin` starts such a process."""
        self._begin = begin
        self._reading: _Reading | None
        self._reading, told = self._begun(body, dialect)
        delimiter, agreed, names, begins, starts, faults = told
        known = Head(delimiter, agreed, names, Position(*begins), Position(*starts), faults)
        super().__init__(body, dialect, known)

    def _begun(self, body: bytes, dialect: Dialect) -> tuple[_Reading, list[Any]]:
        """A process that has read the head, and that."""
        reading = self._begin()
        told = asdict(dialect) | {"missing": list(dialect.missing)}
        return reading, reading.begin({"schema": apart.CSV, "dialect": told}, body)

    def read(
        self, names: Sequence[str], apart: Collection[str] = (), text: Collection[str] = ()
    ) -> Table:
        reading = self._reading or self._begun(self.body, self.dialect)[0]
        self._reading = None  # it ends with what it has told
        _, state = reading.take(names=list(names), apart=list(apart), text=list(text))
        return Table.restored(state, *self.places().restored(state).after(0))

    def blocks(
        self, names: Sequence[str], text: Collection[str] = (), rows: int | None = None
    ) -> Iterator[Table]:
        table = self.read(names, text=text)
        return table.blocks(rows or table.n_rows)
