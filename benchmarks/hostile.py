"""What a hostile, clumsy or vanished client does to a good one: each attack beside a client that
asks `/predict` every 50 ms on a new connection, on a server of its own. The good client and each
attack are processes, so that what is measured is the server; attacks are nice to it and the client,
as if they came from elsewhere.

PYTHONPATH=src:. .venv/bin/python benchmarks/hostile.py [seconds of each attack] [attacks...]

HOSTILE_SOURCE names another tree's `src` to be served, such as an older one's.
"""

import gzip
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from tests.conftest import Server, start_server

IRIS = Path("examples/register-knn.json")
ASK = {"model_type": "knn", "model_id": 1, "features": [5.1, 3.5, 1.4, 0.2]}
EVERY = 0.05
IDLE = 3.0  # seconds of the good client alone, before each attack
PATIENCE = 20.0  # seconds after which the good client counts an error
JSON = "Host: localhost\r\nContent-Type: application/json\r\n"
CSV = "Host: localhost\r\nContent-Type: text/csv\r\n"

FORK = get_context("fork")


class Over:
    """Once it is set, it is for all processes that were forked since it was made. (Not the
    standard library's: there a process that is killed while it waits keeps a lock.)"""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()

    def set(self) -> None:
        os.write(self._writing, b".")

    def is_set(self) -> bool:
        return self.wait(0.0)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it is set, after so long at most."""
        poll = select.poll()
        poll.register(self._reading, select.POLLIN)
        return bool(poll.poll(None if seconds is None else max(0.0, 1e3 * seconds)))


Attack = Callable[[Server, Over], None]
"""Runs until it is over, and closes what it opened."""


# ---------------------------------------------------------------------------------- the clients


class GoodClient:
    """Waits and errors of one that does everything right."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        body = json.dumps(ASK)
        self._request = (
            f"POST /predict HTTP/1.1\r\n{JSON}Connection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self._over = Over()
        self._theirs, ours = FORK.Pipe(duplex=False)
        self._process = FORK.Process(target=self._run, args=(ours,), daemon=True)
        self._process.start()

    def told(self) -> str:
        """How it fared, and it ends."""
        self._over.set()
        if not self._theirs.poll(PATIENCE + 1):
            return "0 | | | | all"
        waits, errors = self._theirs.recv()
        waits.sort()
        p50, p99 = (1e3 * waits[int(share * (len(waits) - 1))] for share in (0.5, 0.99))
        return f"{len(waits)} | {p50:.1f} | {p99:.1f} | {waits[-1]:.2f} | {errors}"

    def _run(self, ours: Connection) -> None:
        waits, errors = [], 0
        due = time.perf_counter()
        while not self._over.is_set():
            started = time.perf_counter()
            errors += not self._ask()
            waits.append(time.perf_counter() - started)
            due = max(due + EVERY, time.perf_counter())
            self._over.wait(due - time.perf_counter())
        ours.send((waits, errors))

    def _ask(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as connection:
                connection.settimeout(PATIENCE)
                connection.sendall(self._request)
                said = b""
                while part := connection.recv(65536):
                    said += part
        except OSError:
            return False
        return said.startswith(b"HTTP/1.1 200") and b'"setosa"' in said


class Memory:
    """The most that all processes of the server took together, in MB; what they share counts
    once."""

    def __init__(self, server: Server) -> None:
        self._group = server.process.pid
        self._over = Over()
        self._theirs, ours = FORK.Pipe(duplex=False)
        FORK.Process(target=self._run, args=(ours,), daemon=True).start()

    def peak(self) -> float:
        """Until now, and it ends."""
        self._over.set()
        return float(self._theirs.recv())

    def _run(self, ours: Connection) -> None:
        os.nice(10)  # it takes milliseconds
        peak = 0.0
        while not self._over.wait(0.1):
            peak = max(peak, sum(map(_proportional_mb, self._processes())))
        ours.send(peak)

    def _processes(self) -> list[int]:
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with suppress(OSError):
                    if os.getpgid(int(folder.name)) == self._group:
                        found.append(int(folder.name))
        return found


def _proportional_mb(pid: int) -> float:
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


# ---------------------------------------------------------------------------------- the attacks


@contextmanager
def connections(server: Server, number: int, said: bytes) -> Iterator[list[socket.socket]]:
    """So many, each of which has said this, and says no more by itself."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            with suppress(OSError):
                one = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 5))
                one.settimeout(5)
                one.sendall(said)
                made.append(one)
        yield made


def holding(number: int, said: bytes) -> Attack:
    """Connections that say this, and then neither read nor close."""

    def attack(server: Server, over: Over) -> None:
        with connections(server, number, said):
            over.wait()

    return attack


def half_closed(server: Server, over: Over) -> None:
    with connections(server, 100, b"POST /predict HTTP/1.1\r\n" + JSON.encode()) as made:
        for one in made:
            with suppress(OSError):
                one.shutdown(socket.SHUT_WR)
        over.wait()


def dripping(server: Server, over: Over) -> None:
    """A byte of a header a second, and of a body."""
    start = f"POST /predict HTTP/1.1\r\n{JSON}Content-Length: 100000\r\n".encode()
    with (
        connections(server, 50, start) as heads,
        connections(server, 50, start + b"\r\n") as bodies,
    ):
        while not over.wait(1.0):
            for one, byte in [(one, b"X") for one in heads] + [(one, b" ") for one in bodies]:
                with suppress(OSError):
                    one.sendall(byte)


def not_reading(server: Server, over: Over) -> None:
    """A hundred answers of 5 MB each, of which no byte is read."""
    rows = json.dumps(ASK | {"features": [ASK["features"]] * 20_000, "probabilities": True})
    body = gzip.compress(rows.encode())
    head = f"POST /predict HTTP/1.1\r\n{JSON}Content-Encoding: gzip\r\nContent-Length: {len(body)}"
    holding(100, f"{head}\r\n\r\n".encode() + body)(server, over)


def stalled(server: Server, over: Over) -> None:
    """Five hundred that do nothing more: in the header, in the body, silent, half closed, and not
    reading what they asked for."""
    kinds = [HEADER[:40], HEADER + b"Content-Length: 100\r\n\r\n{", b"", HEADER[:40], GET_ON * 5000]
    with ExitStack() as stack:
        made = [stack.enter_context(connections(server, 100, said)) for said in kinds]
        for one in made[3]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_WR)
        over.wait()


def reconnecting(server: Server, over: Over) -> None:
    """Half a header, and away, as fast as it goes."""
    while not over.is_set():
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 5) as one:
            one.sendall(b"POST /predict HTTP/1.1\r\nHo")


def large_bodies(server: Server, over: Over) -> None:
    """Bodies of 60 MB that stop before the last byte, eight at a time."""
    head = f"POST /predict HTTP/1.1\r\n{JSON}Content-Length: 60000000\r\n\r\n".encode()
    while not over.is_set():
        with connections(server, 8, head) as made:
            for one in made:
                with suppress(OSError):
                    one.sendall(b" " * 59_999_999)
            over.wait(5.0)


class Prepared:
    """An attack that is made ready before anything is measured."""

    def __init__(self, prepare: Callable[[Server], None], attack: Attack) -> None:
        self.prepare, self.attack = prepare, attack

    def __call__(self, server: Server, over: Over) -> None:
        self.attack(server, over)


def posted(path: str, body: bytes, declared: str = JSON) -> bytes:
    """The request, packed."""
    packed = gzip.compress(body)
    head = f"POST {path} HTTP/1.1\r\n{declared}Content-Encoding: gzip\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(packed)}\r\n\r\n".encode() + packed


def register(model_type: str, model_id: int, **kwargs: object) -> bytes:
    return json.dumps({"model_type": model_type, "model_id": model_id, "kwargs": kwargs}).encode()


def answer(server: Server, request: bytes, seconds: float = 120.0) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), seconds) as connection:
        connection.sendall(request)
        said = b""
        while part := connection.recv(2**20):
            said = said or part
    return said


def prepared(*bodies: bytes) -> Callable[[Server], None]:
    def prepare(server: Server) -> None:
        for body in bodies:
            said = answer(server, posted("/register", body))
            made = (b"HTTP/1.1 201", b"HTTP/1.1 202", b"HTTP/1.1 409")  # or by another attack
            assert said.startswith(made), said

    return prepare


def hanging_up(request: bytes, times: int) -> Attack:
    """Ask, and be gone, so many times."""

    def attack(server: Server, over: Over) -> None:
        for _ in range(times):
            with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 5) as one:
                one.sendall(request)
        over.wait()

    return attack


def repeating(*requests: bytes, at_once: int = 1) -> Attack:
    """Ask all of them, one after another, again and again, and read the answers."""

    def attack(server: Server, over: Over) -> None:
        def ask() -> None:
            while not over.is_set():
                for request in requests:
                    with suppress(OSError):
                        answer(server, request)

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        over.wait()

    return attack


def many_models(server: Server, over: Over) -> None:
    """Models of a thousand labels of 1,000 characters, each registered and asked."""
    model_id = 0
    while not over.is_set():
        model_id += 1
        labels = [f"{i:04}" + "x" * 1000 for i in range(1000)] * 2
        body = register(
            "gauss_naive_bayes",
            100 + model_id,
            X=[[i % 1000, i % 7] for i in range(2000)],
            y=labels,
        )
        ask = {"model_type": "gauss_naive_bayes", "model_id": 100 + model_id, "features": [3, 3]}
        with suppress(OSError):
            answer(server, posted("/register", body))
            for _ in range(4):  # so that every worker has it
                answer(server, posted("/predict", json.dumps(ask).encode()))


def endless_trainings(server: Server, over: Over) -> None:
    """Two that are queued and do not end, and beside them what takes a process, again and again."""
    X = [[i % 7, i % 5] for i in range(200)]
    for model_id in (901, 902):
        body = register("kmeans", model_id, X=X, n_clusters=3, n_init=10**9, tol=0.0)
        request = posted("/register", body)
        with suppress(OSError):
            answer(
                server, request.replace(b"Connection:", b"Prefer: respond-async\r\nConnection:", 1)
            )
    larger = [[(i * j) % 97 for i in range(170)] for j in range(170)]
    repeating(posted("/register", register("pca", 903, X=larger)), DELETE)(server, over)


NAMED = [f"column {j}" for j in range(5)]
DELETE = b"DELETE /models/pca/903 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
NEIGHBOURS = register(
    "knn", 301, X=[[i % 1000] for i in range(300_000)], y=[i % 2 for i in range(300_000)], p=1.5
)
MANY_CLASSES = register(
    "knn", 401, X=[[i] for i in range(1000)], y=list(range(1000)), task="classification"
)


def rows(model_id: int, number: int, row: str, **more: object) -> bytes:
    ask = json.dumps({"model_type": "knn", "model_id": model_id} | more)
    return posted("/predict", f'{ask[:-1]},"features":[{",".join([row] * number)}]}}'.encode())


def csv(*lines: str, times: int) -> bytes:
    """A header and these lines, so many times."""
    return b"a,b,c,y\n" + "\n".join([*lines, ""]).encode() * times


TENSOR = register(
    "knn", 601, X=[[1, 2, 3], [3, 2, 1]] * 9, y=["u", "v"] * 9, feature_names=["a", "b", "c"]
)
NUMBERS = csv("1.25,2.5,3.75,u", "4.5,5.75,6.25,v", times=250_000)
TEXTS = csv("1.25,red,3.75,u", "4.5,green,6.25,v", times=250_000)


def inference(number: int) -> bytes:
    """A request of the Open Inference Protocol, as JSON, with so many rows."""
    values = ",".join(["1.25,2.5,3.75"] * number)
    tensor = f'{{"name":"X","shape":[{number},3],"datatype":"FP64","data":[{values}]}}'
    return posted("/v2/models/knn/versions/601/infer", f'{{"inputs":[{tensor}]}}'.encode())


GET_ON = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"
HEADER = f"POST /predict HTTP/1.1\r\n{JSON}".encode()
ATTACKS: dict[str, Attack | None] = {
    "none": None,
    "10 do not close": holding(10, GET),
    "300 do not close": holding(300, GET),
    "40 half bodies": holding(40, HEADER + b"Content-Length: 100\r\n\r\n{" + b" " * 5),
    "40 half headers": holding(40, HEADER[:40]),
    "40 half bodies to no route": holding(
        40, b"POST /nosuch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{     "
    ),
    "100 silent": holding(100, b""),
    "2,100 kept and idle": holding(2_100, GET_ON),
    "100 half closed": half_closed,
    "100 dripping": dripping,
    "100 not reading": not_reading,
    "500 stalled": stalled,
    "reconnecting": reconnecting,
    "8 large half bodies": large_bodies,
    "40 times a million rows": Prepared(
        prepared(NEIGHBOURS), hanging_up(rows(301, 1_000_000, "[0]"), 40)
    ),
    "answers of gigabytes": Prepared(
        prepared(MANY_CLASSES),
        repeating(
            rows(401, 20_000, "[7]", probabilities=True),
            rows(401, 200_000, "[7]", probabilities=True),
            rows(401, 1_300, "[7]", probabilities=True),
            at_once=4,
        ),
    ),
    "unknown members": Prepared(
        prepared(
            register("knn", 501, X=[[1, 2, 3, 4, 5]] * 9, y=[0, 1, 2] * 3, feature_names=NAMED)
        ),
        repeating(
            posted("/predict", b"{" + b",".join(b'"%d":0' % i for i in range(5_000_000)) + b"}"),
            rows(501, 1_000_000, "{}"),
            rows(501, 1_000_000, "[]"),
        ),
    ),
    "heavy for their size": Prepared(
        prepared(MANY_CLASSES),
        repeating(
            rows(401, 250_000, "[7]", probabilities=True),
            rows(401, 330_000, "[]"),
            rows(401, 330_000, "{}"),
            posted("/predict", b"{" + b",".join(b'"%d":0' % i for i in range(95_000)) + b"}"),
            at_once=4,
        ),
    ),
    "large CSV": Prepared(
        prepared(TENSOR),
        repeating(
            posted("/register?model_type=gauss_naive_bayes&model_id=602&target=y", NUMBERS, CSV),
            posted("/register?model_type=knn&model_id=603&target=y&dry_run=true", TEXTS, CSV),
            posted("/predict?model_type=knn&model_id=601", NUMBERS, CSV),
            posted("/evaluate?model_type=knn&model_id=601&target=y", NUMBERS, CSV),
            at_once=4,
        ),
    ),
    "large tensors": Prepared(
        prepared(TENSOR),
        repeating(
            inference(20_000),
            inference(500_000),
            posted("/v2/repository/index", b"[" + b",".join([b"[]"] * 5_000_000) + b"]"),
            posted("/v2/repository/index", b"[" + b",".join([b"[]"] * 300_000) + b"]"),
            at_once=4,
        ),
    ),
    "models of many labels": many_models,
    "endless trainings": endless_trainings,
}
"""By name."""


def beside(attack: Attack, server: Server, over: Over) -> None:
    os.nice(10)
    attack(server, over)


def run(name: str, attacks: list[Attack], seconds: float) -> str:
    """A line of the table, from a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(
            Path(folder) / "log",
            WEB_CONCURRENCY="2",
            FITSERVE_CACHE_MB="64",
            PYTHONPATH=os.environ.get("HOSTILE_SOURCE", "src"),
        )
        try:
            assert server.ask("POST", "/register", IRIS.read_bytes())[0] == 201
            for one in attacks:
                if isinstance(one, Prepared):
                    one.prepare(server)
            idle = GoodClient(server)
            time.sleep(IDLE)
            print(f"| (idle before it) | {idle.told()} | | |", flush=True)
            memory, over = Memory(server), Over()
            bad = [
                FORK.Process(target=beside, args=(one, server, over), daemon=True)
                for one in attacks
            ]
            for process in bad:
                process.start()
            time.sleep(1.0 if bad else 0.0)
            good = GoodClient(server)
            time.sleep(seconds)
            told = good.told()
            server.process.terminate()  # with all that the attack has open
            stopping = time.perf_counter()
            if endless_trainings in attacks:  # which a stop waits for, as is said, and a second not
                time.sleep(1.0)
                server.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(timeout=60)
            stopped = time.perf_counter() - stopping
            over.set()
            peak = memory.peak()
            for process in bad:
                process.join(5)
                process.kill()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.process.pid, 9)
    return f"| {name} | {told} | {peak:,.0f} | {stopped:.1f} |"


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server ends with this
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    chosen = sys.argv[2:] or [*ATTACKS, "all at once"]
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(files, 10_000), most), most))
    print("| attack | requests | p50 ms | p99 ms | longest s | errors | peak MB | stop s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for name in chosen:
        every = [attack for attack in ATTACKS.values() if attack]
        one = every if name == "all at once" else [a for a in [ATTACKS[name]] if a]
        print(run(name, one, seconds), flush=True)


if __name__ == "__main__":
    main()
