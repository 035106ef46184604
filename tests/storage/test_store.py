"""What every store promises: memory, an SQLite file, PostgreSQL."""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest
from sqlalchemy import create_engine, make_url, text

from fitserve.errors import (
    Busy,
    ModelExists,
    ModelUnreadable,
    StoreUnavailable,
    TooManyTrainings,
    TrainingCancelled,
    TrainingLimit,
)
from fitserve.storage import address, memory, session
from fitserve.storage import queue as queue_module
from fitserve.storage.database import SqlStore
from fitserve.storage.memory import MemoryStore
from fitserve.storage.store import Claimed, Key, Record, Store

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
    return store.publish(store.reserve(key, DESCRIPTION), STATE)


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


SAMPLE = {"rows": np.array([0, 7]), "X": np.array([[0.1], [-0.0]]), "y": np.array([1, 0])}


def test_rows_that_are_kept_are_the_models_own(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    record = one.publish(one.reserve(KEY, DESCRIPTION), STATE, SAMPLE)
    kept = other.sample(record)
    assert kept is not None
    assert {name: value.tolist() for name, value in kept.items()} == {
        name: value.tolist() for name, value in SAMPLE.items()
    }
    loaded = other.load(KEY)
    assert loaded is not None
    assert loaded[1].keys() == STATE.keys()
    assert other.delete(KEY)
    assert one.sample(record) is None
    without = published(one)
    assert other.sample(without) is None
    assert other.sample(record) is None
    assert one.delete(KEY)
    again = other.publish(other.reserve(KEY, DESCRIPTION), STATE, SAMPLE)
    assert one.sample(record) is None
    assert one.sample(again) is not None


def test_a_key_is_reserved_once(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    reserved = one.reserve(KEY, DESCRIPTION)
    with pytest.raises(ModelExists):
        other.reserve(KEY, DESCRIPTION)
    found = other.find(KEY)
    assert found is not None
    assert found.status == "training"
    assert other.load(KEY) is None
    assert other.ids("knn") == []
    one.publish(reserved, STATE)
    with pytest.raises(ModelExists):
        other.reserve(KEY, DESCRIPTION)
    assert other.ids("knn") == [1]


def test_of_many_reservations_at_once_one_wins(make: Callable[[], Store]) -> None:
    stores = [make() for _ in range(4)]

    def attempt(i: int) -> bool:
        try:
            stores[i % 4].reserve(KEY, DESCRIPTION)
        except ModelExists:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(attempt, range(32))) == 1


def test_a_reservation_given_up_leaves_nothing(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    one.release(one.reserve(KEY, DESCRIPTION))
    assert other.find(KEY) is None
    assert other.page(None, None, 10) == []
    other.reserve(KEY, DESCRIPTION)


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
    store.release(store.reserve(Key("knn", 2), DESCRIPTION))
    assert store.epoch() == before


def test_pages_in_the_order_of_keys(store: Store) -> None:
    keys = [Key(t, i) for t in ("gauss_naive_bayes", "gmm", "knn", "svm") for i in (0, 9, 10)]
    for key in reversed(keys):
        published(store, key)
    store.reserve(Key("knn", 11), DESCRIPTION)
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


# ----------------------------------------------------------------------------- the queue

DATA: dict[str, Any] = {"X": np.array([[1.0], [2.0]]), "y": np.array(["a", "b"], dtype=object)}


def taken(store: Store, queued: bool) -> Record:
    """A training in the hands of who asked for it, or of who claimed it."""
    held = store.reserve(KEY, DESCRIPTION, DATA if queued else None)
    if queued:
        claim = store.claim(["knn", "svm"])
        assert claim is not None
        held = claim.record
    return held


def same_data(data: Any) -> bool:
    return bool((data["X"] == DATA["X"]).all() and (data["y"] == DATA["y"]).all())


def test_who_queued_first_is_trained_first_and_by_one_alone(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    keys = [Key("svm", 2), Key("knn", 3), Key("knn", 1)]
    for key in keys:
        assert one.reserve(key, DESCRIPTION, DATA).status == "training"
        time.sleep(0.002)  # what is queued in one millisecond has no order
    with pytest.raises(ModelExists):
        other.reserve(KEY, DESCRIPTION, DATA)
    claims = [store.claim(["knn", "svm"]) for store in (other, one, other)]
    assert [claim and claim.record.key for claim in claims] == keys
    assert one.claim(["knn", "svm"]) is other.claim(["knn", "svm"]) is None
    for claim in claims:
        assert claim is not None
        assert claim.attempt == 1
        assert claim.record.description == DESCRIPTION
        assert same_data(claim.data)
        one.publish(claim.record, STATE)
    assert other.ids("knn") == [1, 3]
    assert one.claim(["knn", "svm"]) is None
    assert one.delete(KEY)


def test_of_many_claims_at_once_each_training_has_one(make: Callable[[], Store]) -> None:
    stores = [make() for _ in range(4)]
    for model_id in range(20):
        stores[0].reserve(Key("knn", model_id), DESCRIPTION, DATA)
    claimed: list[Key] = []

    def claim_all(store: Store) -> None:
        while (claim := store.claim(["knn", "svm"])) is not None:
            claimed.append(claim.record.key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(claim_all, stores * 2))
    while (
        claim := stores[0].claim(["knn", "svm"])
    ) is not None:  # what another had locked may be passed over
        claimed.append(claim.record.key)
    assert sorted(claimed) == [Key("knn", model_id) for model_id in range(20)]


def test_what_is_put_back_is_as_if_it_had_not_been_claimed(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    one.reserve(KEY, DESCRIPTION, DATA)
    for _ in range(3):
        claim = one.claim(["knn", "svm"])
        assert claim is not None
        assert claim.attempt == 1
        late = claim.record
        one.put_back(late)
    again = other.claim(["knn", "svm"])
    assert again is not None
    assert same_data(again.data)
    one.put_back(late)  # late: it is another's by now
    assert one.claim(["knn", "svm"]) is None
    other.publish(again.record, STATE)


@pytest.mark.parametrize("queued", [True, False])
def test_a_training_that_is_deleted_is_nobodys(make: Callable[[], Store], queued: bool) -> None:
    one, other = make(), make()
    held = taken(one, queued)
    assert one.renew([held]) == {held.token}
    assert other.delete(KEY)
    assert other.find(KEY) is None
    assert one.renew([held]) == set()
    with pytest.raises(TrainingCancelled):
        one.publish(held, STATE)
    assert other.claim(["knn", "svm"]) is None
    again = other.reserve(KEY, DESCRIPTION)
    with pytest.raises(ModelExists):
        one.publish(held, STATE)
    one.fail(held.failed(ModelExists(*KEY)))
    one.release(held)
    assert other.renew([again]) == {again.token}
    other.publish(again, STATE)


def test_only_what_one_knows_is_claimed(store: Store) -> None:
    store.reserve(KEY, DESCRIPTION, DATA)
    store.reserve(Key("svm", 1), DESCRIPTION, DATA)
    claim = store.claim(["svm"])
    assert claim is not None
    assert claim.record.key == Key("svm", 1)
    assert store.claim(["svm"]) is None
    assert store.claim(["knn"]) is not None


def test_a_report_that_is_late_does_not_hold_what_was_put_back(store: Store) -> None:
    store.reserve(KEY, DESCRIPTION, DATA)
    claim = store.claim(["knn"])
    assert claim is not None
    late = replace(claim.record, description=DESCRIPTION | {"progress": 0.5})
    assert store.renew([late]) == {late.token}
    store.put_back(claim.record)
    assert store.renew([late]) == set()
    found = store.find(KEY)
    assert found is not None
    assert found.description == DESCRIPTION
    assert store.claim(["knn"]) is not None


def test_what_waits_can_be_cancelled(make: Callable[[], Store]) -> None:
    one, other = make(), make()
    one.reserve(KEY, DESCRIPTION, DATA)
    assert other.delete(KEY)
    assert one.claim(["knn", "svm"]) is None
    assert not one.delete(KEY)


@pytest.mark.parametrize("queued", [True, False])
def test_how_it_goes_on_is_told_until_it_is_done(make: Callable[[], Store], queued: bool) -> None:
    one, other = make(), make()
    held = taken(one, queued)
    now = replace(held, description=DESCRIPTION | {"progress": 0.5})
    assert one.renew([now]) == {held.token}
    assert other.find(KEY) == now
    one.publish(held, STATE)
    assert one.renew([now]) == set()
    found = other.find(KEY)
    assert found is not None
    assert found.status == "ready"
    assert found.description == DESCRIPTION


@pytest.mark.parametrize("queued", [True, False])
def test_a_failure_tells_why_until_its_id_is_taken_again(
    make: Callable[[], Store], queued: bool
) -> None:
    one, other = make(), make()
    held = taken(one, queued)
    one.fail(held.failed(TrainingLimit.time(3)))
    found = other.find(KEY)
    assert found is not None
    assert found.status == "failed"
    assert found.description["problem"]["type"] == "/problems/training-limit"
    assert other.load(KEY) is None
    assert other.ids("knn") == []
    assert [record.status for record in other.page(None, None, 9)] == ["failed"]
    assert other.claim(["knn", "svm"]) is None
    other.reserve(KEY, DESCRIPTION, DATA)
    assert one.claim(["knn", "svm"]) is not None
    one.delete(KEY)
    assert published(other).status == "ready"


def test_a_queue_that_is_full_takes_no_more(
    make: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make()
    for module in (queue_module, memory):
        monkeypatch.setattr(module, "QUEUED", 2)
    for model_id in (1, 2):
        store.reserve(Key("knn", model_id), DESCRIPTION, DATA)
    with pytest.raises(Busy) as caught:
        store.reserve(Key("knn", 3), DESCRIPTION, DATA)
    assert caught.value.retry_after
    assert store.find(Key("knn", 3)) is None
    with pytest.raises(ModelExists):
        store.reserve(Key("knn", 1), DESCRIPTION, DATA)
    store.reserve(Key("knn", 3), DESCRIPTION)  # what does not wait has nothing to do with it
    store.delete(Key("knn", 1))
    store.reserve(Key("knn", 4), DESCRIPTION, DATA)


def test_a_queue_is_bounded_in_bytes(
    make: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make()
    monkeypatch.setattr(queue_module, "QUEUE_BYTES", 10_000)
    if isinstance(store, MemoryStore):
        store = MemoryStore(queue_bytes=10_000)
    large = {"X": np.zeros((1000, 1)), "y": None}
    store.reserve(KEY, DESCRIPTION, large)
    with pytest.raises(Busy):
        store.reserve(Key("knn", 2), DESCRIPTION, large)


# -------------------------------------------------------------------------- databases alone


def queue(store: Store, model_id: int, client: str, most: int = 1000) -> Key:
    key = Key("knn", model_id)
    store.reserve(key, DESCRIPTION, DATA, client, most)
    return key


def claimed(store: Store) -> Claimed:
    claim = store.claim(["knn"])
    assert claim is not None
    return claim


def test_clients_take_turns(store: Store) -> None:
    """Whoever queued a hundred does not keep another waiting for more than one of them."""
    many = [queue(store, model_id, "one") for model_id in range(5)]
    few = queue(store, 7, "other")
    assert store.line() == [many[0], few, *many[1:]]
    first = claimed(store)
    assert first.record.key == many[0]
    assert store.line() == [few, *many[1:]]
    second = claimed(store)
    assert second.record.key == few
    store.publish(first.record, STATE)
    store.publish(second.record, STATE)
    assert store.line() == many[1:]


def test_what_gives_way_is_last_of_its_clients(store: Store) -> None:
    keys = [queue(store, model_id, "one") for model_id in range(3)]
    claim = claimed(store)
    store.put_last(claim.record)
    assert store.line() == [*keys[1:], keys[0]]
    assert not store.renew([claim.record])
    for _ in range(2):
        store.publish(claimed(store).record, STATE)
    again = claimed(store)
    assert (again.record.key, again.attempt) == (keys[0], 1)


def test_a_client_may_have_so_many_queued_and_under_way(store: Store) -> None:
    queue(store, 1, "one", most=2)
    claim = claimed(store)
    queue(store, 2, "one", most=2)
    with pytest.raises(TooManyTrainings) as caught:
        queue(store, 3, "one", most=2)
    assert caught.value.retry_after
    assert store.find(Key("knn", 3)) is None
    queue(store, 3, "other", most=2)
    store.publish(claim.record, STATE)
    queue(store, 4, "one", most=2)
    assert store.delete(Key("knn", 4))
    queue(store, 5, "one", most=2)
    for _ in range(3):  # what failed does not count
        store.fail(claimed(store).record)
    for model_id in (6, 7):
        queue(store, model_id, "one", most=2)


def test_only_what_nobody_has_claimed_waits(store: Store) -> None:
    assert not store.waits(["knn"])
    queue(store, 1, "one")
    assert store.waits(["knn"])
    assert not store.waits(["svm"])
    claimed(store)
    assert not store.waits(["knn"])


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
    made = create_engine(address.parse_url(url))
    with made.begin() as connection:
        connection.execute(text(statement), values)
    made.dispose()


def test_a_reservation_that_nobody_renews_expires(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "RESERVED_FOR", -1.0)
    dead, alive = opened(url), opened(url)
    orphan = dead.reserve(KEY, DESCRIPTION)
    assert alive.find(KEY) is None
    assert alive.page(None, None, 10) == []
    monkeypatch.setattr(session, "RESERVED_FOR", 60.0)
    dead.renew([orphan])
    found = alive.find(KEY)
    assert found is not None
    assert found.token == orphan.token
    monkeypatch.setattr(session, "RESERVED_FOR", -1.0)
    dead.renew([orphan])
    record = published(alive)
    with pytest.raises(ModelExists):  # a late zombie changes nothing
        dead.publish(replace(orphan, description={"late": True}), {})
    dead.release(orphan)
    assert alive.load(KEY) is not None
    assert alive.find(KEY) == record
    dead.close()
    alive.close()


def test_a_training_that_nobody_renews_is_claimed_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead, alive = opened(url), opened(url)
    dead.reserve(KEY, DESCRIPTION, DATA)
    first = dead.claim(["knn", "svm"])
    assert first is not None
    assert alive.claim(["knn", "svm"]) is None
    monkeypatch.setattr(session, "RESERVED_FOR", -1.0)
    assert dead.renew([first.record]) == {first.record.token}
    found = alive.find(KEY)  # not an orphan: somebody will train it
    assert found is not None
    assert found.status == "training"
    with pytest.raises(ModelExists):
        alive.reserve(KEY, DESCRIPTION)
    monkeypatch.setattr(session, "RESERVED_FOR", 60.0)
    second = alive.claim(["knn", "svm"])
    assert second is not None
    assert second.attempt == 2
    assert dead.renew([first.record]) == set()
    with pytest.raises(ModelExists):  # a late zombie changes nothing
        dead.publish(first.record, {})
    dead.fail(first.record.failed(TrainingLimit.time(1)))
    dead.put_back(first.record)
    dead.release(first.record)
    assert alive.renew([second.record]) == {second.record.token}
    alive.publish(second.record, STATE)
    dead.close()
    alive.close()


def test_what_is_lost_in_a_stop_is_not_counted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(url)
    store.reserve(KEY, DESCRIPTION, DATA)
    for _ in range(4):
        claim = store.claim(["knn", "svm"])
        assert claim is not None
        assert claim.attempt == 1
        monkeypatch.setattr(session, "RESERVED_FOR", -1.0)
        assert store.renew([claim.record], excused=True) == {claim.record.token}
        monkeypatch.undo()
    store.close()


def test_what_is_queued_and_damaged_fails(url: str) -> None:
    store = opened(url)
    store.reserve(KEY, DESCRIPTION, DATA)
    store.reserve(Key("knn", 2), DESCRIPTION, DATA)
    run(url, "UPDATE trainings SET checksum = 'x' WHERE model_id = 1")
    claims = [store.claim(["knn", "svm"]), store.claim(["knn", "svm"]), store.claim(["knn", "svm"])]
    assert [claim.record.key for claim in claims if claim] == [Key("knn", 2)]
    found = store.find(KEY)
    assert found is not None
    assert found.status == "failed"
    assert found.description["problem"]["type"] == "/problems/model-unreadable"
    store.close()


def test_what_is_queued_without_a_model_is_forgotten(url: str) -> None:
    store = opened(url)
    store.reserve(KEY, DESCRIPTION, DATA)
    run(url, "DELETE FROM models")
    store.reserve(KEY, DESCRIPTION, DATA)
    store.delete(KEY)
    store.reserve(KEY, DESCRIPTION, DATA)
    run(url, "DELETE FROM models")
    assert store.claim(["knn", "svm"]) is None
    store.reserve(KEY, DESCRIPTION, DATA)
    assert store.claim(["knn", "svm"]) is not None
    store.close()


def test_a_store_of_the_first_version_is_brought_up_to_date(url: str) -> None:
    store = opened(url)
    record = published(store)
    run(url, "DROP TABLE trainings")
    run(url, "UPDATE counters SET value = 1 WHERE name = 'schema'")
    run(url, "DELETE FROM counters WHERE name = 'steps'")
    store.prepare()
    assert store.find(KEY) == record
    store.reserve(Key("knn", 2), DESCRIPTION, DATA)
    assert store.claim(["knn", "svm"]) is not None
    store.close()


def test_damaged_rows_of_a_model_leave_the_model(url: str) -> None:
    store = SqlStore(url)
    store.prepare()
    record = store.publish(store.reserve(KEY, DESCRIPTION), STATE, SAMPLE)
    run(url, "UPDATE samples SET checksum = 'x'")
    with pytest.raises(ModelUnreadable):
        store.sample(record)
    assert store.load(KEY) is not None
    store.close()


@pytest.mark.parametrize(
    "damage",
    [
        "arrays = :junk",
        "arrays = NULL",
        "checksum = 'x'",
        "description = '{'",
        "description = NULL",
        'values_ = \'{"values": {}, "texts": {}}\'',
        "format = 3",
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


def test_a_new_file_that_somebody_is_writing_into_is_waited_for(file: Path) -> None:
    """Where the file has no log yet, SQLite by itself refuses at once."""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        ends = Timer(0.3, other.execute, ["COMMIT"])
        ends.start()
        store = opened(f"sqlite:///{file}")
        ends.join()
    published(store)
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
    for call in (
        lambda: store.reserve(Key("knn", 2), DESCRIPTION),
        lambda: store.load(KEY),
        store.epoch,
    ):
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
    reserved = store.reserve(KEY, DESCRIPTION)
    file.unlink()
    with pytest.raises(StoreUnavailable):
        store.publish(reserved, STATE)
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
        ("models.db", "a URL is needed, not 'models.db'; write sqlite:///models.db"),
        ("/data/x y.sqlite3", "; write sqlite:////data/x y.sqlite3"),
        ("../data/store", "; write sqlite:///../data/store"),
        ("sqlite:/data/store", "; write sqlite:////data/store"),
        ("sqlite:store", "; write sqlite:///store"),
        ("sqlite://data/store", "; write sqlite:///data/store, or sqlite:////data/store from"),
        ("sqlite://store.db", "three slashes stand before a path, four where it is absolute; "),
        ("file:///data/fit.db", "no store for file; write sqlite:////data/fit.db$"),
        ("file:fit.db", "a URL is needed, not 'file:fit.db'; write sqlite:///fit.db"),
        ("sqlite3:///fit.db", "write sqlite:///fit.db, or sqlite:////fit.db from the root"),
        ("sqlite3:////data/fit.db", "no store for sqlite3; write sqlite:////data/fit.db$"),
        ("SQLite+pysqlite:////data/fit.db", "; write sqlite:////data/fit.db$"),
        (r"C:\data\fit.db", "a path of Windows; write .*, such as sqlite:////mnt/c/data/fit.db$"),
        ("C:/data/fit.db", "such as sqlite:////mnt/c/data/fit.db$"),
        (r"sqlite:///C:\data\fit.db", "such as sqlite:////mnt/c/data/fit.db$"),
        (r"\\server\share\fit.db", "such as sqlite:////server/share/fit.db$"),
        ("sqlite://u:secret@host/store.db", "name a file"),
        ("u:secret@host/store.db", "a URL is needed, such as"),
        ("store", "a URL is needed, such as sqlite:///fitserve.sqlite3"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://u:secret@h/d", "no store for mysql"),
        ("postgres://u:secret@h/d", "no store for postgres; write postgresql:// in place of pos"),
    ],
)
def test_a_url_that_is_no_store_is_said_without_its_password(url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        address.parse_url(url)
    assert "secret" not in str(caught.value)


def test_the_driver_of_postgresql_is_psycopg() -> None:
    assert address.parse_url("postgresql://h/d").drivername == "postgresql+psycopg"
    assert make_url("postgresql://h/d").drivername == "postgresql"


def test_the_newest_id_of_a_type_is_the_greatest_that_is_ready(store: Store) -> None:
    assert store.newest("knn") is None
    for key in (Key("knn", 7), Key("knn", 30), Key("pca", 99)):
        published(store, key)
    store.reserve(Key("knn", 31), DESCRIPTION)
    assert store.newest("knn") == 30
    store.delete(Key("knn", 30))
    assert store.newest("knn") == 7


def test_the_newest_are_found_by_the_words_that_name_them(store: Store) -> None:
    described: dict[Key, dict[str, Any]] = {
        Key("knn", 1): {"target": "species", "feature_names": ["bill", 'a "quoted" 100%_name']},
        Key("knn", 12): {"target": "Größe", "feature_names": ["bill_depth"]},
        Key("kmeans", 3): {"target": None, "feature_names": None, "hyperparameters": {"bill": 1}},
        Key("pca", 2): {},
    }
    for key, description in described.items():
        record = store.reserve(key, description)
        if key.model_type == "knn":
            store.publish(record, STATE)
        time.sleep(0.002)  # times are kept to the millisecond

    def found(*words: str, model_type: str | None = None, skip: int = 0, limit: int = 9) -> Any:
        return [tuple(one.key) for one in store.latest(words, model_type, skip, limit).records]

    assert found() == [("pca", 2), ("kmeans", 3), ("knn", 12), ("knn", 1)]
    assert found(skip=1, limit=2) == [("kmeans", 3), ("knn", 12)]
    assert found(model_type="knn") == [("knn", 12), ("knn", 1)]
    assert found("BILL") == [("knn", 12), ("knn", 1)]
    assert found("bill", skip=1) == [("knn", 1)]
    assert found("bill", "species") == found('"quoted"') == found("100%_") == [("knn", 1)]
    assert found("knn/1") == [("knn", 12), ("knn", 1)]
    assert found("größe") == [("knn", 12)]
    assert found("3") == [("kmeans", 3)]
    assert found("%") == [("knn", 1)]
    assert found("nowhere") == found("bill", model_type="pca") == []
    assert store.latest(["bill"], "pca", 0, 9).counts == {("knn", "ready"): 2}
    assert store.latest([], "pca", 0, 1).counts == {
        ("knn", "ready"): 2,
        ("kmeans", "training"): 1,
        ("pca", "training"): 1,
    }
    told = store.latest(["species"], None, 0, 9).records[0]
    assert (told.status, told.description["target"]) == ("ready", "species")


@pytest.mark.parametrize("bound", ["SCANNED", "SCANNED_BYTES", "LONGEST"])
def test_a_search_reads_so_many_descriptions_and_says_so(
    url: str, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(url)
    for model_id in range(12):
        store.reserve(Key("knn", model_id), {"target": "species", "filler": "x" * 100})
        time.sleep(0.002)
    every = store.latest(["species"], None, 4, 3)
    assert ([one.key.model_id for one in every.records], every.whole) == ([7, 6, 5], True)
    monkeypatch.setattr(f"fitserve.storage.latest.{bound}", {"SCANNED": 5}.get(bound, 700))
    found = store.latest(["species"], None, 0, 9)
    n = {"SCANNED": 5, "SCANNED_BYTES": 5, "LONGEST": 12}[bound]
    assert sum(found.counts.values()) == n
    assert [one.key.model_id for one in found.records] == [11 - k for k in range(min(n, 9))]
    assert found.whole == (bound == "LONGEST")
    store.close()
