"""Loaded models are bounded in memory, and read again from the store when they are asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fitserve.directory import ModelDirectory
from fitserve.errors import ModelUnreadable, StoreUnavailable, UnknownModel
from fitserve.models import catalog
from fitserve.storage.cache import Loaded, ModelCache
from fitserve.storage.database import SqlStore
from fitserve.storage.footprint import footprint
from fitserve.storage.store import Key, Record
from fitserve.training.process import Limits
from fitserve.training.trainer import Trainer
from fitserve.training.training import Training
from tests.storage.test_store import run

MIB = 2**20


def loaded(model_id: int, size: int) -> Loaded:
    model = catalog()["gauss_naive_bayes"].from_kwargs({})
    vars(model).update(classes_=None, big_=np.zeros(size, dtype=np.uint8))
    return Loaded(Record(Key("knn", model_id), "t", "ready", "now"), model, "0")


def test_the_least_recently_used_is_thrown_out() -> None:
    cache = ModelCache(3 * MIB)
    for model_id in (1, 2):
        cache.put(loaded(model_id, MIB))
    assert cache.get(Key("knn", 1)) is not None
    cache.put(loaded(3, MIB))
    assert cache.get(Key("knn", 2)) is None
    assert cache.get(Key("knn", 1)) is not None
    assert cache.get(Key("knn", 3)) is not None
    assert cache.size <= cache.capacity


def test_a_model_larger_than_all_is_kept_alone_and_sizes_are_given_back() -> None:
    cache = ModelCache(MIB)
    cache.put(loaded(1, 10))
    cache.put(loaded(2, 5 * MIB))
    assert len(cache) == 1
    cache.put(loaded(2, 10))
    assert cache.size < MIB
    cache.drop(Key("knn", 2))
    cache.drop(Key("knn", 2))
    assert cache.size == 0


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


def directory(url: str, cache_bytes: int = MIB) -> ModelDirectory:
    made = ModelDirectory(catalog(), SqlStore(url), Trainer(Limits(), 1), cache_bytes)
    made._look()  # as `open` does, without the thread: the tests say when time passes
    return made


def register(where: ModelDirectory, model_id: int, **more: Any) -> None:
    X = np.array([[0.0], [1.0], [9.0], [10.0]])
    y = np.array([0, 0, 1, 1])
    model = catalog()["gauss_naive_bayes"].from_kwargs({})
    model.examine(X, y)
    where.register(Training(Key("gauss_naive_bayes", model_id), model, X, y, None))


def test_a_model_of_another_worker_is_loaded_on_first_use_and_then_kept(url: str) -> None:
    one, other = directory(url), directory(url)
    register(one, 1)
    found = other.get("gauss_naive_bayes", 1)
    assert found.model.predict([[0.5]]).tolist() == [0]
    assert other.get("gauss_naive_bayes", 1) is found


def test_a_deleted_model_is_gone_after_a_look(url: str) -> None:
    one, other = directory(url), directory(url)
    register(one, 1)
    register(one, 2)
    first, kept = other.get("gauss_naive_bayes", 1), other.get("gauss_naive_bayes", 2)
    one.delete("gauss_naive_bayes", 1)
    with pytest.raises(UnknownModel):
        one.get("gauss_naive_bayes", 1)
    other._look()
    with pytest.raises(UnknownModel):
        other.get("gauss_naive_bayes", 1)
    assert other.get("gauss_naive_bayes", 2) is kept
    register(one, 1)
    assert other.get("gauss_naive_bayes", 1) is not first


def test_what_was_deleted_elsewhere_is_let_go_of(url: str) -> None:
    one, other = directory(url), directory(url)
    for model_id in (1, 2, 3):
        register(one, model_id)
        other.get("gauss_naive_bayes", model_id)
    one.delete("gauss_naive_bayes", 1)
    one.delete("gauss_naive_bayes", 3)
    register(one, 3)
    other._look()
    other._tidy()
    assert list(other._cache._held) == [Key("gauss_naive_bayes", 2)]
    kept = other._cache.get(Key("gauss_naive_bayes", 2))
    assert kept is not None
    assert kept.epoch == other._epoch


def test_a_watch_that_is_late_does_not_lengthen_what_is_promised(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the processor is shared, what was deleted is served for half a second at most."""
    now = [0.0]
    monkeypatch.setattr("fitserve.directory.monotonic", lambda: now[0])
    one, other = directory(url), directory(url)
    register(one, 1)
    kept = other.get("gauss_naive_bayes", 1)
    one.delete("gauss_naive_bayes", 1)
    now[0] = 0.5
    assert other.get("gauss_naive_bayes", 1) is kept
    now[0] = 0.51
    with pytest.raises(UnknownModel):
        other.get("gauss_naive_bayes", 1)


def test_while_the_store_is_slow_what_is_in_memory_answers(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("fitserve.directory.monotonic", lambda: now[0])
    where = directory(url)
    register(where, 1)
    now[0] = 60.0
    with where._looking:  # as the watch does, and waits for an answer
        assert where.get("gauss_naive_bayes", 1).record.key.model_id == 1


def test_what_is_derived_counts_as_well(url: str) -> None:
    X = np.random.default_rng(0).normal(size=(300, 4))
    where = directory(url, cache_bytes=200_000)
    for model_id in range(8):
        model = catalog()["decision_tree"].from_kwargs({})
        model.examine(X, X[:, 0])
        key = Key("decision_tree", model_id)
        where.register(Training(key, model, X, X[:, 0], None))
        where.get(*key).model.predict(X[:1])
    where._tidy()
    assert 1 < len(where._cache) < 8
    assert where._cache.size <= 200_000
    held = [footprint(one.loaded) for one in where._cache._held.values()]
    assert where._cache.size >= sum(held)


def test_models_thrown_out_are_loaded_again(url: str) -> None:
    where = directory(url, cache_bytes=1)
    for model_id in range(3):
        register(where, model_id)
    for model_id in (0, 1, 2, 0):
        assert where.get("gauss_naive_bayes", model_id).model.predict([[9.5]]).tolist() == [1]


def test_without_the_store_what_is_in_memory_answers(url: str, tmp_path: Path) -> None:
    one, other = directory(url), directory(url)
    register(one, 1)
    register(one, 2)
    kept = other.get("gauss_naive_bayes", 1)
    one.delete("gauss_naive_bayes", 2)
    other._look()
    (tmp_path / "store.sqlite3").unlink()
    other._look()
    assert not other.reachable
    assert other.ready
    assert other.get("gauss_naive_bayes", 1) is kept
    with pytest.raises(StoreUnavailable):
        other.get("gauss_naive_bayes", 2)
    with pytest.raises(StoreUnavailable):
        register(other, 3)


def test_a_row_that_does_not_fit_the_program_is_one_unreadable_model(url: str) -> None:
    one = directory(url)
    register(one, 1)
    register(one, 2)
    run(url, "UPDATE models SET format = 9 WHERE model_id = 1")
    other = directory(url)
    with pytest.raises(ModelUnreadable):
        other.get("gauss_naive_bayes", 1)
    assert other.get("gauss_naive_bayes", 2) is not None
    one.delete("gauss_naive_bayes", 1)
    register(other, 1)
