"""The promise about upgrades: versions that follow on each other serve side by side over one store.

`stores/` has a store of each released schema, and RELEASED is the version before this one.
"""

import json
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, text

from fitserve import create_app
from fitserve.config import Settings
from fitserve.errors import StoreTooNew
from fitserve.storage import codec, migrations
from fitserve.storage.database import SqlStore
from fitserve.storage.migrations import STEPS, Step
from fitserve.storage.store import Key
from tests.conftest import ROOT, Server, start_server, until
from tests.storage.keep_store import QUEUED, STORES, registrations
from tests.storage.test_store import DATA, DESCRIPTION, opened, published, run, url

__all__ = ["url"]  # a fixture

RELEASED = "18b379c2ae65"
KEPT = {int(file.stem.removeprefix("schema-")): file for file in STORES.glob("*.sqlite3")}
ROWS = [[1.2, 0.1], [8.1, 9.0]]


# ---------------------------------------------------------------- what may be a step


def test_the_version_before_can_use_what_a_step_leaves() -> None:
    """A step that it could not live with waits for the release after next: then the version
    before knows that schema already."""
    before = max(KEPT)
    for schema, step in enumerate(STEPS, start=1):
        assert schema <= before or step.usable_from <= before, f"step {schema} comes too early"
        assert step.usable_from <= schema


def test_a_step_asks_for_no_less_than_the_one_before() -> None:
    needed = [step.usable_from for step in STEPS]
    assert needed == sorted(needed)


def test_a_store_of_every_released_schema_is_kept() -> None:
    assert sorted(KEPT) == list(range(2, max(KEPT) + 1))
    assert max(KEPT) <= len(STEPS)


@pytest.mark.parametrize("schema", KEPT)
def test_a_released_store_answers_as_it_did(schema: int, tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite3"
    shutil.copyfile(KEPT[schema], file)
    app = create_app(Settings(store=f"sqlite:///{file}"))
    client = app.test_client()
    kept = KEPT[schema].with_suffix(".jsonl").read_text().splitlines()
    for one in map(json.loads, kept):
        told = client.post("/predict", json=one["ask"]).json
        assert told is not None
        was, now = (np.asarray(a.pop("predictions")) for a in (one["answer"], told))
        if was.dtype.kind == "f":  # another machine may round otherwise
            np.testing.assert_allclose(now, was, rtol=1e-9, atol=1e-12)
        else:
            assert now.tolist() == was.tolist()
        assert told == one["answer"]
    failed = client.get("/models/linear_regression/9").json
    assert failed is not None
    assert failed["problem"]["type"] == "/problems/invalid-request"
    waited = f"/models/{QUEUED['model_type']}/{QUEUED['model_id']}"
    until(lambda: client.get(waited).json["status"] == "ready")  # type: ignore[index]
    app.extensions["fitserve"].close()
    assert len(kept) >= 11


# ------------------------------------------------------------ two programs, one store


def _adds(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE models ADD COLUMN note VARCHAR(9)"))


@contextmanager
def program(monkeypatch: pytest.MonkeyPatch, *more: Step) -> Iterator[None]:
    """What is done within is done by a program that knows more steps than this one."""
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", [*STEPS, *more])
        yield


def test_a_step_that_only_adds_shuts_nobody_out(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = opened(url), SqlStore(url)
    newer = Step(_adds, usable_from=len(STEPS))
    record = published(ours)
    with program(monkeypatch, newer):
        theirs.prepare()
        theirs.prepare()  # once is enough
        published(theirs, Key("knn", 2))
    ours.prepare()
    assert ours.epoch() == theirs.epoch()
    assert ours.find(Key("knn", 1)) == record
    assert ours.load(Key("knn", 2)) is not None
    published(ours, Key("knn", 3))
    with program(monkeypatch, newer):
        theirs.prepare()  # what it had added is not added again
        assert theirs.load(Key("knn", 3)) is not None
    ours.close()
    theirs.close()


def test_a_step_that_changes_shuts_out_whoever_does_not_know_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = opened(url), SqlStore(url)
    with program(monkeypatch, Step(_adds, usable_from=len(STEPS) + 1)):
        theirs.prepare()
        theirs.epoch()
    with pytest.raises(StoreTooNew, match="start the newer program"):
        ours.epoch()
    with pytest.raises(StoreTooNew, match=f"needs a program of schema {len(STEPS) + 1}"):
        ours.prepare()
    ours.close()
    theirs.close()


def test_the_first_programs_see_no_newer_schema_where_they_need_not(url: str) -> None:
    """They refuse a `schema` over 2, and know nothing else."""
    opened(url).close()
    found = read(url, "SELECT value FROM counters WHERE name = 'schema'")
    assert found == [STEPS[-1].usable_from]


def test_a_model_with_hyperparameters_of_a_newer_program_is_served(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    ours = opened(store)
    app = create_app(Settings(store=store))
    client = app.test_client()
    assert client.post("/register", json=registrations(["knn"])[0]).status_code == 201
    found = ours.load(Key("knn", 1))
    assert found is not None
    told = found[0].description
    newer = told | {"hyperparameters": told["hyperparameters"] | {"metric_of_tomorrow": "cosine"}}
    ours.put(replace(found[0], key=Key("knn", 2), description=newer), found[1])
    asked = [
        client.post("/predict", json={"model_type": "knn", "model_id": i, "features": ROWS})
        for i in (1, 2)
    ]
    assert asked[0].json == asked[1].json | {"model_id": 1}  # type: ignore[operator]
    app.extensions["fitserve"].close()
    ours.close()


def test_what_a_newer_program_queued_waits_for_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = opened(url)
    with monkeypatch.context() as patch:
        patch.setattr(codec, "PLAIN", codec.FORMAT + 1)
        ours.reserve(Key("knn", 1), DESCRIPTION, DATA)
    assert ours.claim(["knn"]) is None
    monkeypatch.setattr(codec, "FORMAT", codec.FORMAT + 1)
    assert ours.claim(["knn"]) is not None
    ours.close()


def test_a_training_with_hyperparameters_of_a_newer_program_is_left_to_it(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    ours = opened(store)
    told = {"hyperparameters": {"metric_of_tomorrow": "cosine"}, "feature_names": None}
    ours.reserve(Key("knn", 1), told, DATA)
    app = create_app(Settings(store=store))
    reached = "SELECT attempts FROM trainings WHERE expires IS NOT NULL"
    until(lambda: read(store, reached) == [1])
    assert app.test_client().get("/models/knn/1").json["status"] == "training"  # type: ignore[index]
    app.extensions["fitserve"].close()
    assert read(store, reached) == [1]
    ours.close()


def read(url: str, statement: str) -> list[Any]:
    store = SqlStore(url)
    with store._engine.connect() as connection:
        found = list(connection.execute(text(statement)).scalars())
    store.close()
    return found


# -------------------------------------------------------------------- what a server does


def test_a_store_that_needs_a_newer_program_stops_the_start_in_one_line(url: str) -> None:
    opened(url).close()
    run(url, "UPDATE counters SET value = 99 WHERE name = 'schema'")
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "python:fitserve.gunicorn_conf"],
        env={"PYTHONPATH": str(ROOT / "src"), "PORT": "0", "FITSERVE_STORE": url},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    (line,) = (done.stdout + done.stderr).strip().splitlines()
    assert re.fullmatch(r"fitserve: the store needs a program of schema 99 .* backup .*", line)


def test_a_server_whose_store_is_led_on_answers_and_ends(tmp_path: Path) -> None:
    running = start_server(tmp_path / "log", WEB_CONCURRENCY="2")
    assert running.ask("POST", "/register", registrations(["knn"])[0])[0] == 201
    store = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    run(store, "UPDATE counters SET value = 99 WHERE name = 'schema'")
    assert running.process.wait(timeout=40) == 1
    log = running.log.read_text()
    assert "the store needs a program of schema 99" in log
    assert log.count("Booting worker") == 2, "no worker was tried again"
    assert "Traceback" not in log


def test_a_server_that_waits_for_its_store_ends_when_it_is_too_new(tmp_path: Path) -> None:
    kept, there = tmp_path / "kept.sqlite3", tmp_path / "later"
    opened(f"sqlite:///{kept}").close()
    run(f"sqlite:///{kept}", "UPDATE counters SET value = 99 WHERE name = 'schema'")
    url = f"sqlite:///{there / 'store.sqlite3'}"
    running = start_server(tmp_path / "log", ready=False, FITSERVE_STORE=url, WEB_CONCURRENCY="1")
    (tmp_path / "whole").mkdir()
    shutil.move(kept, tmp_path / "whole" / "store.sqlite3")
    (tmp_path / "whole").rename(there)
    assert running.process.wait(timeout=40) == 1
    assert "the store needs a program of schema 99" in running.log.read_text()


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The source of the version before, out of the repository's history."""
    archive = tmp_path / "before.tar"
    with archive.open("wb") as out:
        done = subprocess.run(
            ["git", "-C", str(ROOT), "archive", RELEASED, "src"],
            stdout=out,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode:
        pytest.skip("the history that has the version before is not here")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path / "before", filter="data")
    return tmp_path / "before" / "src"


def answers(server: Server, ids: list[tuple[str, int]]) -> list[Any]:
    asked = [{"model_type": name, "model_id": i, "features": ROWS} for name, i in ids]
    return [server.ask("POST", "/predict", ask) for ask in asked]


def test_the_version_before_and_this_one_serve_one_store(
    url: str, before: Path, tmp_path: Path
) -> None:
    """As a rolling update does, and a rollback after it: old, old and new, new, new and old."""
    old_src, new_src = str(before), str(ROOT / "src")
    acknowledged: list[tuple[str, int]] = []

    def started(src: str, name: str) -> Server:
        return start_server(
            tmp_path / name, FITSERVE_STORE=url, PYTHONPATH=src, WEB_CONCURRENCY="1"
        )

    def register(server: Server, number: int) -> None:
        for body in registrations(sorted(server.ask("GET", "/listtypes")[1]["model_types"])):
            assert server.ask("POST", "/register", body | {"model_id": number})[0] == 201
            acknowledged.append((body["model_type"], number))

    running: list[Server] = []
    try:
        running = [started(old_src, "old")]
        register(running[0], 1)
        running.append(started(new_src, "new"))
        register(running[1], 2)
        register(running[0], 3)
        told = answers(running[0], acknowledged)
        assert {status for status, _ in told} == {200}
        assert answers(running[1], acknowledged) == told
        for server in running:
            server.process.terminate()
            assert server.process.wait(timeout=40) == 0
        running = [started(new_src, "new"), started(old_src, "old")]
        assert answers(running[0], acknowledged) == told
        assert answers(running[1], acknowledged) == told
    finally:
        for server in running:
            server.process.terminate()
            server.process.wait(timeout=40)
