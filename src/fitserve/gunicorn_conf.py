"""gunicorn's settings: `gunicorn -c python:fitserve.gunicorn_conf`."""

import gc
import os
import signal
import sys
from typing import Any

# gunicorn has modules looked for in the folder that it is started in before all others. There lie
# somebody's data and scripts, and their random.py is not the one that NumPy wants.
sys.path.sort(key=lambda folder: os.path.realpath(folder) == os.getcwd())

# A BLAS that starts a thread a core in every worker makes the workers fight for the cores. It
# reads these once, when NumPy is loaded.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from fitserve.api.rates import Counts  # noqa: E402
from fitserve.app import open_keys, prepare_store  # noqa: E402
from fitserve.config import THREADS, Server, Settings  # noqa: E402
from fitserve.observing.statistics import Tables  # noqa: E402
from fitserve.observing.tally import Tallies  # noqa: E402
from fitserve.processes.slots import Slots  # noqa: E402
from fitserve.serving.closing import take_no_more  # noqa: E402
from fitserve.serving.shares import Shares  # noqa: E402

# A wrong setting, or a store that this version cannot use, stops here, in one line, before there
# is a worker to fail.
_settings = Settings.load()
_server = Server.load(dict(os.environ))
_keys = open_keys(_settings)
prepare_store(_settings)

wsgi_app = "fitserve:create_app()"
bind = (
    f"[{_server.host}]:{_server.port}" if ":" in _server.host else f"{_server.host}:{_server.port}"
)
workers = _server.workers(_settings)
_shares = Shares(workers)
_counts = None if _settings.requests_per_minute is None else Counts(_shares.rows)
_tallies = Tallies(_shares.rows)
_inferences = Tables(_shares.rows)
_reading = Slots(_server.readers())
worker_class = "fitserve.serving.worker.Worker"
threads = THREADS
keepalive = (
    75  # longer than a load balancer's idle time of 60 s, so that it never meets a closed one
)
timeout = 120
limit_request_line = 8190  # as for a field; a table's options may stand in the query
# A stop waits for what is being trained, which ends by its own limit.
graceful_timeout = _settings.training_seconds + 30
logger_class = "fitserve.serving.log.Log"
control_socket_disable = True


def on_starting(server: Any) -> None:
    if not _keys.given and not _server.is_loopback:
        server.log.warning(
            "No keys are set, and %s is reached from elsewhere: whoever reaches it may train and "
            "delete. Set FITSERVE_WRITE_KEYS and FITSERVE_READ_KEYS.",
            _server.host,
        )
    for key in _keys:
        if key.short:
            server.log.warning(
                "The key %s has few characters and may be guessed; `openssl rand -hex 24` makes "
                "a better one.",
                key.name,
            )


def post_worker_init(worker: Any) -> None:
    worker.wsgi.extensions["fitserve.reader"].join(_reading)
    if _counts is not None:
        worker.wsgi.extensions["fitserve.rates"].join(_counts, worker.share.row)
    # A body of rows is a list for each, and looking for circles among them every 700 of them takes
    # longer than reading it, while all other threads wait; looking at 50,000 at once, they wait for
    # some 10 ms.
    gc.freeze()
    gc.set_threshold(10_000, 20, 100)
    # At each call of the system the loop gives the interpreter lock away, and has it back from a
    # thread that computes only after so many seconds: several times for each connection.
    sys.setswitchinterval(0.001)
    # Ctrl-C reaches the whole process group, and the master then tells its workers to quit. A
    # worker that heeds both may be interrupted in its shutdown, holding the lock it waits for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def when_ready(server: Any) -> None:
    """gunicorn has no hook for the beginning of a stop."""
    stop = server.stop

    def stopping(graceful: bool = True) -> None:
        if not (server.reexec_pid or server.master_pid or server.systemd):  # nobody goes on
            for listener in server.LISTENERS:
                take_no_more(listener)
        _shares.stop(graceful)
        stop(graceful)

    server.stop = stopping


def pre_fork(_server: object, worker: Any) -> None:
    worker.share = _shares.take()
    worker.tally = _tallies.row(worker.share.row)
    worker.inferences = _inferences.table(worker.share.row)


def on_exit(_server: object) -> None:
    if _shares.ended:  # which nobody asked for: whoever watches may want to know
        raise SystemExit(1)


def child_exit(_server: object, worker: Any) -> None:
    _shares.free(worker.share)
