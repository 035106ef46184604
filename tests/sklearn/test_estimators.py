"""Estimators whose work is done by a server, in scikit-learn's tools."""

import copy
import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fitserve import Client
from fitserve import sklearn as remote
from fitserve.client import Invalid, NotFound, Unreachable
from fitserve.models import catalog
from tests.conftest import ROOT, Server, free_port
from tests.foreign import foreign

X, y = load_iris(return_X_y=True)
FLOWERS = load_iris().target_names[y]
Z = np.random.default_rng(0).normal(size=(80, 3))  # without ties


@pytest.fixture
def url(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    address = f"http://127.0.0.1:{server.port}"
    yield address
    with Client(address) as client:
        for model in list(client.models()):
            client.delete(model["model_type"], model["model_id"])


def kept(url: str) -> int:
    gc.collect()
    with Client(url) as client:
        return len(list(client.models()))


def test_there_is_one_for_each_type_with_its_hyperparameters() -> None:
    assert len(remote.__all__) == len(catalog())
    for cls in catalog().values():
        estimator = getattr(remote, cls.__name__)()
        assert estimator.get_params() == cls().hyperparameters() | {"url": None, "key": None}
        assert cls.summary() in estimator.__doc__
        for name in estimator.get_params():
            assert f"\n{name}: " in estimator.__doc__
    with pytest.raises(AttributeError, match="no estimator 'KNN'; known are: DecisionTree, "):
        remote.KNN  # noqa: B018
    with pytest.raises(TypeError, match="unexpected keyword argument 'k'"):
        remote.Knn(k=3)


def test_it_does_what_scikit_learn_does_here(url: str) -> None:
    ours = remote.Knn(n_neighbors=3, url=url).fit(X, FLOWERS)
    theirs = KNeighborsClassifier(n_neighbors=3).fit(X, FLOWERS)
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X))
    assert ours.score(X, FLOWERS) == theirs.score(X, FLOWERS)
    assert ours.classes_.tolist() == theirs.classes_.tolist()
    assert is_classifier(ours)
    number = remote.Knn(task="regression", url=url).fit(Z, Z[:, 0])
    other = KNeighborsRegressor().fit(Z, Z[:, 0])
    assert is_regressor(number)
    assert not hasattr(number, "predict_proba")
    np.testing.assert_allclose(number.predict(Z), other.predict(Z))
    assert number.score(Z, Z[:, 0]) == pytest.approx(other.score(Z, Z[:, 0]))


def test_no_representation_shows_the_key() -> None:
    key = "a-key-to-hide-0123456789"
    for name in remote.__all__:
        given = getattr(remote, name)(key=key)
        later = getattr(remote, name)().set_params(key=key)
        for estimator in (given, later, clone(given), copy.deepcopy(given)):
            assert estimator.get_params()["key"] == key
            around = make_pipeline(StandardScaler(), estimator)
            for one in (estimator, around, GridSearchCV(around, {"memory": [None]})):
                for said in (repr(one), str(one), one._repr_html_(), repr(one.get_params())):
                    assert key not in said
            assert "key='***'" in repr(estimator)
    assert "key" not in repr(remote.Knn())


@pytest.mark.parametrize(
    "labels",
    [
        np.array([-1.0, 1.0]),
        np.array([False, True]),
        np.array(["b", "a"], object),
        np.array([2**63, 2**63 + 1], np.uint64),
        np.array([7, 3], np.int8),
    ],
    ids=lambda labels: str(labels.dtype),
)
def test_labels_come_back_as_they_were_given(url: str, labels: Any) -> None:
    given = labels[y[:100]]
    found = remote.GaussNaiveBayes(url=url).fit(X[:100], given).predict(X[:100])
    assert found.dtype == given.dtype
    assert (found == given).mean() > 0.9


def test_searches_and_pipelines_work_and_leave_nothing(url: str) -> None:
    assert cross_val_score(remote.GaussNaiveBayes(url=url), X, y, cv=3).mean() > 0.9
    search = GridSearchCV(remote.Knn(url=url), {"n_neighbors": np.array([1, 5])}, cv=3)
    assert search.fit(X, y).best_score_ > 0.9
    steps = make_pipeline(StandardScaler(), remote.PCA(n_components=2, url=url), clone(search))
    assert steps.fit(X, FLOWERS).score(X, FLOWERS) > 0.9
    with parallel_config("threading", n_jobs=2):
        threads = cross_val_score(remote.Knn(url=url), X, y, cv=4, error_score="raise")
    assert threads.mean() > 0.9
    assert steps[:-1].get_feature_names_out().tolist() == ["pca0", "pca1"]
    del search, steps
    assert kept(url) == 0


def test_clusters_and_densities(url: str) -> None:
    clusters = remote.KMeans(n_clusters=3, url=url)
    labels = clusters.fit_predict(X)
    assert labels.tolist() == clusters.labels_.tolist() == clusters.predict(X).tolist()
    assert clusters.score(X) < 0
    finer = remote.KMeans(n_clusters=6, url=url).fit(X)
    assert finer.score(X) > clusters.score(X)
    mixture = remote.GaussianMixture(n_components=3, url=url).fit(X)
    assert mixture.predict_proba(X).sum(axis=1) == pytest.approx(1.0)
    assert mixture.score(X) == pytest.approx(mixture.description_["training"]["score"])
    assert remote.PCA(n_components=2, url=url).fit(X).score(X) < 0


def test_the_model_goes_with_the_estimator(url: str) -> None:
    first = remote.Knn(url=url).fit(X, y)
    key = first.description_["model_type"], first.description_["model_id"]
    with Client(url) as client:
        first.fit(X, FLOWERS)
        with pytest.raises(NotFound):
            client.describe(*key)
    assert kept(url) == 1
    other = copy.deepcopy(first)
    del first
    assert kept(url) == 1
    assert other.predict(X[:1]).tolist() == ["setosa"]
    del other
    assert kept(url) == 0


def test_what_a_process_leaves_goes_with_it(url: str) -> None:
    code = (
        "from fitserve import Client\nfrom fitserve.sklearn import KMeans\n"
        f"left = KMeans(n_clusters=2, url={url!r}).fit([[1], [2], [8], [9]])\n"
        f"print(len(list(Client({url!r}).models())))"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    environment = {"PYTHONPATH": str(ROOT / "src"), "PATH": os.environ["PATH"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("1\n", "")
    assert kept(url) == 0


def test_one_that_was_pickled_stays_until_it_is_deleted(url: str) -> None:
    packed = pickle.dumps(remote.Knn(url=url).fit(X, y))
    assert kept(url) == 1
    for _ in range(2):
        assert pickle.loads(packed).predict(X[:1]).tolist() == [0]  # noqa: S301
        assert kept(url) == 1
    pickle.loads(packed).delete()  # noqa: S301
    assert kept(url) == 0


def test_what_is_wrong_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="n_neighbors: "):
        remote.Knn(n_neighbors=0, url=url).fit(X, y)
    with pytest.raises(NotFittedError):
        remote.Knn(url=url).delete()
    with pytest.warns(ConvergenceWarning, match="Perceptron ended after 1 iterations"):
        remote.Perceptron(max_iter=1, url=url).fit(X, y)
    with pytest.raises(Unreachable):
        remote.Knn(url=f"http://127.0.0.1:{free_port()}").fit(X, y)
    with foreign() as told:
        told.content = b'{"model_type": "knn", "model_id": 1, "status": "ready"}'
        with pytest.raises(Invalid, match="no answer of fitserve's"):
            remote.Knn(url=told.url).fit(X, y)


def test_seeds_are_scikit_learns_too(url: str) -> None:
    drawn = remote.KMeans(n_clusters=2, random_state=np.random.RandomState(3), url=url).fit(X)
    again = remote.KMeans(n_clusters=2, random_state=np.random.RandomState(3), url=url).fit(X)
    seed = drawn.description_["hyperparameters"]["random_state"]
    assert seed == again.description_["hyperparameters"]["random_state"]
    assert remote.KMeans(n_clusters=2, random_state=None, url=url).fit(X).labels_.shape == (150,)
