"""What every store promises: memory, an SQLite file, PostgreSQL."""

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import create_engine, make_url, text

from fitserve import sql_store
from fitserve.errors import (
    ModelExists,
    ModelTraining,
    ModelUnreadable,
    StoreUnavailable,
)
from fitserve.sql_store import SqlStore
from fitserve.store import Key, MemoryStore, Record, Store

KEY = Key("knn", 1)
DESCRIPTION = {"feature_names": ["größe", "b"], "hyperparameters": {"k": 3}, "classes": ["ä", "b"]}
STATE: dict[str, Any] = {
    "X_": np.array([[1.5, -0.0], [5e-324, 1.7976931348623157e308]]),
    "codes_": np.array([1, 0], dtype=np.intp),
    "flags_": np.array([True, False]),
    "classes_": np.array(["ä", "b"], dtype=object),
    "file_": np.array([1.0]),
    "n_iter_": None,
    "loss_curve_": [0.5, 0.1],
    "converged_": True,
}


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Makes stores over one and the same truth, as two processes would have them."""
    if request.param == "memory":
        memory = MemoryStore()
        yield lambda: memory
        return
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'store.sqlite3'}"
    else:
        url = request.getfixturevalue("database")
    made: list[SqlStore] = []

    def another() -> Store:
        made.append(SqlStore(url))
        made[-1].prepare()
        return made[-1]

    yield another
    for one in made:
        one.close()


@pytest.fixture
def store(make: Callable[[], Store]) -> Store:
    return make()


def published(store: Store, key: Key = KEY) -> Record:
    return store.publish(replace(store.reserve(key), description=DESCRIPTION), STATE)


def test_what_is_published_comes_back_to_the_bit(make: Callable[[], Store]) -> None:
    record = published(make())
    found = make().load(KEY)
    assert found is not None
    assert found[0] == record
    assert record.status == "ready"
    state = found[1]
    assert state.keys() == STATE.keys()
    for name, value in STATE.items():
        if isinstance(value, np.ndarray):
            assert state[name].dtype == value.dtype, name
            assert state[name].tobytes() == value.tobytes() or value.dtype == object, name
            assert state[name].tolist() == value.tolist(), name
        else:
            assert state[name] == value, name


def test_a_key_is_reserved_once(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    reserved = one.reserve(KEY)
    with pytest.raises(ModelExists):
        other.reserve(KEY)
    found = other.find(KEY)
    assert found is not None
    assert found.status == "training"
    assert other.load(KEY) is None
    assert other.ids("knn") == []
    with pytest.raises(ModelTraining):
        other.delete(KEY)
    one.publish(replace(reserved, description=DESCRIPTION), STATE)
    with pytest.raises(ModelExists):
        other.reserve(KEY)
    assert other.ids("knn") == [1]


def test_of_many_reservations_at_once_one_wins(make: Callable[[], Store]) -> None:
    stores = [make() for _ in range(4)]

    def attempt(i: int) -> bool:
        try:
            stores[i % 4].reserve(KEY)
        except ModelExists:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(32))) == 1


def test_a_reservation_given_up_leaves_nothing(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    one.release(one.reserve(KEY))
    assert other.find(KEY) is None
    assert other.page(None, None, 10) == []
    other.reserve(KEY)


def test_a_deleted_model_is_gone_everywhere_and_the_epoch_says_so(
    make: Callable[[], Store],
) -> None:
    one, other = make(), make()
    published(one)
    before = other.epoch()
    assert one.delete(KEY)
    assert other.epoch() != before
    assert other.find(KEY) is None
    assert other.load(KEY) is None
    assert not other.delete(KEY)
    assert published(other).token != ""


def test_what_is_only_added_leaves_the_epoch(store: Store) -> None:
    before = store.epoch()
    published(store)
    store.release(store.reserve(Key("knn", 2)))
    assert store.epoch() == before


def test_pages_in_the_order_of_keys(store: Store) -> None:
    keys = [Key(t, i) for t in ("gauss_naive_bayes", "gmm", "knn", "svm") for i in (0, 9, 10)]
    for key in reversed(keys):
        published(store, key)
    store.reserve(Key("knn", 11))
    listed = [record.key for record in store.page(None, None, 100)]
    assert listed == sorted([*keys, Key("knn", 11)])
    assert [r.key for r in store.page(None, Key("gmm", 9), 2)] == [Key("gmm", 10), Key("knn", 0)]
    assert [r.key for r in store.page("knn", Key("knn", 9), 9)] == [Key("knn", 10), Key("knn", 11)]
    assert [r.key for r in store.page("knn", Key("a", 0), 1)] == [Key("knn", 0)]
    assert store.ids("knn") == [0, 9, 10]
    assert store.ids("pca") == []


def test_the_largest_id_is_kept(store: Store) -> None:
    published(store, Key("knn", 2**53 - 1))
    assert store.ids("knn") == [2**53 - 1]


# -------------------------------------------------------------------------- databases alone


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.sqlite3'}"
    given: str = request.getfixturevalue("database")
    return given


def opened(url: str) -> SqlStore:
    made = SqlStore(url)
    made.prepare()
    return made


def run(url: str, statement: str, **values: Any) -> None:
    """A statement from outside, as an operator or a fault of the disk would."""
    engine = create_engine(sql_store.parse_url(url))
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def test_a_reservation_that_nobody_renews_expires(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_store, "RESERVED_FOR", -1.0)
    dead, alive = opened(url), opened(url)
    orphan = dead.reserve(KEY)
    assert alive.find(KEY) is None
    assert alive.page(None, None, 10) == []
    monkeypatch.setattr(sql_store, "RESERVED_FOR", 60.0)
    dead.renew([orphan.token])
    found = alive.find(KEY)
    assert found is not None
    assert found.token == orphan.token
    monkeypatch.setattr(sql_store, "RESERVED_FOR", -1.0)
    dead.renew([orphan.token])
    record = published(alive)
    with pytest.raises(ModelExists):  # a late zombie changes nothing
        dead.publish(replace(orphan, description={"late": True}), {})
    dead.release(orphan)
    assert alive.load(KEY) is not None
    assert alive.find(KEY) == record
    dead.close()
    alive.close()


@pytest.mark.parametrize(
    "damage",
    [
        "arrays = :junk",
        "arrays = NULL",
        "checksum = 'x'",
        "description = '{'",
        "description = NULL",
        'values_ = \'{"values": {}, "texts": {}}\'',
        "format = 2",
        "format = NULL",
    ],
)
def test_a_damaged_row_is_one_unreadable_model(url: str, damage: str) -> None:
    store = opened(url)
    published(store)
    published(store, Key("knn", 2))
    values = {"junk": b"PK\x03\x04junk"} if ":junk" in damage else {}
    column = damage.replace("values_", '"values"')
    run(url, f"UPDATE models SET {column} WHERE model_id = 1", **values)  # noqa: S608
    with pytest.raises(ModelUnreadable):
        store.load(KEY)
    assert store.load(Key("knn", 2)) is not None
    assert store.ids("knn") == [1, 2]
    assert len(store.page(None, None, 10)) == 2
    assert store.delete(KEY)
    store.close()


def test_many_processes_that_start_together_make_one_schema(url: str) -> None:
    stores = [SqlStore(url) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda store: store.prepare(), stores))
    published(stores[0])
    assert stores[7].load(KEY) is not None
    for store in stores:
        store.prepare()  # again: nothing to do, nothing lost
    assert stores[3].load(KEY) is not None
    for store in stores:
        store.close()


def test_a_schema_of_a_newer_program_stops_the_start(url: str) -> None:
    store = opened(url)
    run(url, "UPDATE counters SET value = 99 WHERE name = 'schema'")
    with pytest.raises(SystemExit, match="newer"):
        store.prepare()
    store.close()


# -------------------------------------------------------------------------------- SQLite


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite3"


def test_the_file_is_its_owners_alone(file: Path) -> None:
    store = opened(f"sqlite:///{file}")
    published(store)
    for path in (file, *file.parent.glob("store.sqlite3-*")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    store.close()


def test_a_file_that_is_removed_takes_no_more_models_until_it_is_back(file: Path) -> None:
    store = opened(f"sqlite:///{file}")
    published(store)
    epoch = store.epoch()
    aside = file.with_name("aside")
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    file.rename(aside)
    for call in (lambda: store.reserve(Key("knn", 2)), lambda: store.load(KEY), store.epoch):
        with pytest.raises(StoreUnavailable):
            call()
    assert not file.exists()
    aside.rename(file)
    assert store.load(KEY) is not None
    published(store, Key("knn", 2))
    assert store.epoch() == epoch
    store.close()


def test_a_file_removed_in_the_middle_of_a_registration_is_not_written(file: Path) -> None:
    store = opened(f"sqlite:///{file}")
    reserved = store.reserve(KEY)
    file.unlink()
    with pytest.raises(StoreUnavailable):
        store.publish(replace(reserved, description=DESCRIPTION), STATE)
    store.close()


def test_another_file_in_its_place_is_another_epoch(file: Path, tmp_path: Path) -> None:
    other = opened(f"sqlite:///{tmp_path / 'other'}")
    other.close()
    store = opened(f"sqlite:///{file}")
    published(store)
    epoch = store.epoch()
    os.replace(tmp_path / "other", file)
    for leftover in file.parent.glob("store.sqlite3-*"):
        leftover.unlink()
    assert store.epoch() != epoch
    assert store.find(KEY) is None
    store.close()


@pytest.mark.parametrize("place", ["nowhere/store.sqlite3", "."])
def test_a_place_that_cannot_be_is_unavailable(tmp_path: Path, place: str) -> None:
    store = SqlStore(f"sqlite:///{tmp_path / place}")
    with pytest.raises(StoreUnavailable):
        store.prepare()


def test_a_file_that_is_no_database_is_left_alone(file: Path) -> None:
    file.write_text("dear diary " * 100)
    store = SqlStore(f"sqlite:///{file}")
    with pytest.raises(StoreUnavailable):
        store.prepare()
    assert file.read_text().startswith("dear diary")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("models.db", "URL such as"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://u:secret@h/d", "no store for mysql"),
        ("postgres://u:secret@h/d", "no store for postgres"),
    ],
)
def test_a_url_that_is_no_store_is_said_without_its_password(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        sql_store.parse_url(url)
    assert "secret" not in str(caught.value)


def test_the_driver_of_postgresql_is_psycopg() -> None:
    assert sql_store.parse_url("postgresql://h/d").drivername == "postgresql+psycopg"
    assert make_url("postgresql://h/d").drivername == "postgresql"
