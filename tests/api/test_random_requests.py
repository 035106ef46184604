"""Whatever is sent, no answer is a fault of ours, and every refusal is for a person to read.

`FITSERVE_RANDOM_REQUESTS=20000` makes it as many requests on each store; `FITSERVE_SEED` others.
"""

import json
import os
from pathlib import Path

import pytest

from fitserve import create_app
from fitserve.config import Settings
from tests.api.generated import requests
from tests.api.words import judge_problem

MANY = int(os.environ.get("FITSERVE_RANDOM_REQUESTS", "300"))
SEED = int(os.environ.get("FITSERVE_SEED", "1"))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    url: str = request.getfixturevalue("database")
    return url


def test_no_request_is_a_fault_of_ours(store: str) -> None:
    app = create_app(Settings(store=store, training_seconds=2))
    client = app.test_client()
    statuses: dict[int, int] = {}
    for ask in requests(SEED, MANY):
        answer = client.open(ask.path, method=ask.method, data=ask.body, headers=ask.headers)
        status = answer.status_code
        statuses[status] = statuses.get(status, 0) + 1
        busy = status == 503 and answer.json and answer.json["type"] == "/problems/busy"
        assert status < 500 or busy, (ask, answer.text)
        assert status >= 400 or not (b"NaN" in answer.data or b"Infinity" in answer.data), ask
        assert status not in (301, 302, 307, 308), ask
        if status >= 400 and ask.method != "HEAD" and not ask.path.startswith("/v2"):
            try:
                body = json.loads(ask.body)
            except ValueError:
                body = None
            assert answer.json is not None
            judge_problem(answer.json, body)
    app.extensions["fitserve"].close()
    assert statuses.keys() >= {200, 201, 400, 404, 405, 422}
