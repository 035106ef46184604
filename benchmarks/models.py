"""Every model type against scikit-learn: equal data, equal settings, one thread, one process.

Prints fit, predict of 1,000 rows and predict of 1 row as medians of pairwise ratios, ours over
scikit-learn's (below 1 is faster), and how fit and predict grow with the rows: `make benchmarks`.
The two are timed in turn, A B A B, so that a machine that slows down slows both.
"""

import argparse
import os

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron
from sklearn.mixture import GaussianMixture
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from fitserve.models import catalog


class Pair(NamedTuple):
    """One type's settings here and there, and what its data are."""

    data: str
    ours: dict[str, Any]
    theirs: Any
    columns: int = 16


PAIRS = {
    "decision_tree": Pair("classes", {}, DecisionTreeClassifier(random_state=0)),
    "gauss_naive_bayes": Pair("classes", {}, GaussianNB()),
    "gmm": Pair("blobs", {"n_components": 4}, GaussianMixture(4, random_state=0)),
    "kmeans": Pair("blobs", {"n_clusters": 8, "n_init": 10}, KMeans(8, n_init=10, random_state=0)),
    "knn": Pair("classes", {}, KNeighborsClassifier(5, algorithm="brute")),
    "linear_regression": Pair("line", {}, LinearRegression()),
    "logistic_regression": Pair("classes", {}, LogisticRegression()),
    "multi_naive_bayes": Pair("counts", {}, MultinomialNB(), 64),
    "pca": Pair("blobs", {"n_components": 8}, PCA(8), 64),
    "perceptron": Pair("classes", {}, Perceptron(random_state=0)),
    "svm": Pair("classes", {}, LinearSVC(random_state=0)),
}


def made(kind: str, rows: int, columns: int) -> tuple[Any, Any]:
    """Data that can be learned, but not without mistakes."""
    rng = np.random.default_rng(1)
    if kind == "counts":
        y = rng.integers(4, size=rows)
        rates = rng.gamma(2.0, size=(4, columns))
        return rng.poisson(rates[y]).astype(np.float64), y
    if kind == "blobs":
        centres = rng.normal(scale=2.0, size=(8, columns))
        return centres[rng.integers(8, size=rows)] + rng.normal(size=(rows, columns)), None
    X = rng.normal(size=(rows, columns))
    signal = X @ rng.normal(size=columns)
    if kind == "line":
        return X, signal + rng.normal(size=rows)
    return X, (signal + rng.normal(scale=2.0, size=rows) > 0.0).astype(np.int64)


def seconds(call: Callable[[], Any], repeat: int) -> float:
    started = time.perf_counter()
    for _ in range(repeat):
        call()
    return (time.perf_counter() - started) / repeat


def paired(ours: Callable[[], Any], theirs: Callable[[], Any], budget: float) -> tuple[float, ...]:
    """Median seconds here and there, and the median of the ratios pair by pair."""
    ours(), theirs()
    once = max(seconds(ours, 1), seconds(theirs, 1))
    repeat = max(1, int(0.005 / once))
    pairs = max(5, min(51, int(budget / (2.0 * once * repeat))))
    times = [(seconds(ours, repeat), seconds(theirs, repeat)) for _ in range(pairs)]
    here, there = zip(*times, strict=True)
    ratio = statistics.median(a / b for a, b in times)
    return statistics.median(here), statistics.median(there), ratio


def predicting(theirs: Any) -> Callable[[Any], Any]:
    call: Callable[[Any], Any] = theirs.predict if hasattr(theirs, "predict") else theirs.transform
    return call


def compare(names: list[str], rows: int, budget: float) -> None:
    print(f"{rows:,} rows; ours / scikit-learn's, medians of pairs (their milliseconds)\n")
    print("| type | fit | predict 1,000 rows | predict 1 row |")
    print("| --- | --- | --- | --- |")
    for name in names:
        pair = PAIRS[name]
        X, y = made(pair.data, rows, pair.columns)
        thousand, one = X[:1000].copy(), X[:1].copy()
        cls = catalog()[name]
        model = cls.from_kwargs(pair.ours)
        cells = [paired(partial(model.fit, X, y), partial(pair.theirs.fit, X, y), budget)]
        ask = predicting(pair.theirs)
        cells += [
            paired(partial(model.predict, batch), partial(ask, batch), budget)
            for batch in (thousand, one)
        ]
        shown = " | ".join(f"{ratio:.2f} ({there * 1e3:.3g})" for _, there, ratio in cells)
        print(f"| {name} | {shown} |", flush=True)


def grow(names: list[str]) -> None:
    sizes = (1_000, 10_000, 100_000)
    print("\nMilliseconds by rows: fit, and predict of 1,000 rows\n")
    heads = [f"{what} {size:,}" for what in ("fit", "predict") for size in sizes]
    print(f"| type | {' | '.join(heads)} |\n| --- |{' --- |' * len(heads)}")
    for name in names:
        pair = PAIRS[name]
        fits, predictions = [], []
        for size in sizes:
            X, y = made(pair.data, size, pair.columns)
            model = catalog()[name].from_kwargs(pair.ours)
            batch = X[:1000].copy()
            fits.append(min(seconds(partial(model.fit, X, y), 1) for _ in range(3)))
            predictions.append(min(seconds(partial(model.predict, batch), 1) for _ in range(5)))
        shown = " | ".join(f"{value * 1e3:.3g}" for value in fits + predictions)
        print(f"| {name} | {shown} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("types", nargs="*", help="model types; all by default")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure")
    parser.add_argument("--growth", action="store_true", help="also time 1k, 10k and 100k rows")
    given = parser.parse_args()
    names = given.types or [name for name in catalog() if name in PAIRS]
    warnings.simplefilter("ignore")
    compare(names, given.rows, given.seconds)
    if given.growth:
        grow(names)


if __name__ == "__main__":
    main()
