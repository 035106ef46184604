"""gunicorn's settings: `gunicorn -c python:fitserve.gunicorn_conf`."""

import os
import signal

# A BLAS that starts a thread a core in every worker makes the workers fight for the cores. It
# reads these once, when NumPy is loaded.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from fitserve.app import prepare_store  # noqa: E402
from fitserve.config import THREADS, Server, Settings  # noqa: E402

# A wrong setting, or a store that this version cannot use, stops here, in one line, before there
# is a worker to fail.
_settings = Settings.load()
_server = Server.load(dict(os.environ))
prepare_store(_settings)

wsgi_app = "fitserve:create_app()"
bind = (
    f"[{_server.host}]:{_server.port}" if ":" in _server.host else f"{_server.host}:{_server.port}"
)
workers = _server.workers(_settings)
worker_class = "fitserve.worker.Worker"
threads = THREADS
keepalive = (
    75  # longer than a load balancer's idle time of 60 s, so that it never meets a closed one
)
timeout = 120
# A stop waits for what is being trained, which ends by its own limit.
graceful_timeout = _settings.training_seconds + 30
accesslog = "-"
control_socket_disable = True


def post_worker_init(_worker: object) -> None:
    # Ctrl-C reaches the whole process group, and the master then tells its workers to quit. A
    # worker that heeds both may be interrupted in its shutdown, holding the lock it waits for.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
