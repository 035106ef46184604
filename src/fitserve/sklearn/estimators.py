"""scikit-learn's estimators, of which the server does the work: what all have, and each task's."""

import warnings
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from fitserve.client import Client
from fitserve.sklearn.remote import Remote, connected

SEEDS = 2**32


def _probabilistic(estimator: Any) -> bool:
    """Whether the type has probabilities, and for this task."""
    return estimator.gives_probabilities and not getattr(estimator, "_regresses", False)


class Hidden(str):
    """A key, as text, that no representation of what has it shows."""

    def __repr__(self) -> str:
        return "'***'"


class _Key:
    """The parameter `key`, hidden however it is set; one that is hidden stays the same object, as
    `clone` asks."""

    def __get__(self, estimator: Any, _: type | None = None) -> Any:
        return self if estimator is None else vars(estimator)["key"]

    def __set__(self, estimator: Any, key: str | None) -> None:
        plain = isinstance(key, str) and not isinstance(key, Hidden)
        vars(estimator)["key"] = Hidden(key) if plain else key


class RemoteEstimator(BaseEstimator):  # type: ignore[misc]
    """Trains a model on a fitserve server, and asks it."""

    model_type: ClassVar[str]
    hyperparameters: ClassVar[tuple[str, ...]]
    """Their names, which are parameters of the estimator."""
    gives_probabilities: ClassVar[bool]
    counting: ClassVar[bool]
    """Whether no number of X may be below 0."""

    url: str | None
    key = _Key()
    random_state: Any

    def _train(self, X: Any, y: Any) -> None:
        if self.counting:
            check_non_negative(X, type(self).__name__)
        kwargs = {name: getattr(self, name) for name in self.hyperparameters}
        if not isinstance(self.random_state, (int, np.integer)):
            seeds = check_random_state(self.random_state)
            kwargs["random_state"] = int(seeds.randint(SEEDS, dtype=np.int64))
        if hasattr(self, "feature_names_in_"):
            kwargs["feature_names"] = self.feature_names_in_.tolist()
        given = Client(self.url, self.key)
        client = connected(given.url, given.key)
        self._remote = Remote.trained(client, self.model_type, X, y, **kwargs)
        self.description_ = self._remote.description
        training = self.description_["training"]
        if training["n_iter"] is not None:
            self.n_iter_ = training["n_iter"]
        if not training["converged"]:
            said = f"{type(self).__name__} ended after {self.n_iter_} iterations, not converged"
            warnings.warn(said, ConvergenceWarning, stacklevel=3)

    def _ask(self, X: Any, *, probabilities: bool = False) -> Any:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        found = self._remote.predict(X, probabilities=probabilities)
        return found[1] if probabilities else found

    @available_if(_probabilistic)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Probabilities `(n_rows, n_classes)` of the classes, or clusters, in their order."""
        found: NDArray[np.float64] = self._ask(X, probabilities=True)
        return found

    def delete(self) -> None:
        """Remove the model from the server now, also one that was pickled."""
        check_is_fitted(self)
        self._remote.delete()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = self.counting
        return tags


class Supervised(RemoteEstimator):
    """A classifier or a regressor; of a type that can do both, `task` decides."""

    tasks: ClassVar[tuple[str, ...]]

    @property
    def _regresses(self) -> bool:
        return self.tasks[0] == "regression" or getattr(self, "task", None) == "regression"

    def fit(self, X: Any, y: Any) -> Self:
        """Train on X `(n_samples, n_features)` and y `(n_samples,)`, on the server."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=self._regresses)
        if not self._regresses:
            check_classification_targets(y)
            self.classes_, codes = np.unique(y, return_inverse=True)
            y = _sendable(self.classes_)[codes]
        self._train(X, y)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Labels, or numbers, `(n_rows,)`."""
        found: NDArray[Any] = self._ask(X)
        if self._regresses:
            return found
        labels: NDArray[Any] = self.classes_[np.searchsorted(_sendable(self.classes_), found)]
        return labels

    def score(self, X: Any, y: Any) -> float:
        """Accuracy, or r2."""
        return float((r2_score if self._regresses else accuracy_score)(y, self.predict(X)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        if self._regresses:
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        else:
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(poor_score=self.counting)  # on what is no count
        return tags


class Unsupervised(RemoteEstimator):
    """What learns from X alone; y is there for pipelines, and not looked at."""

    fewest: ClassVar[int] = 1
    """Rows that can be learned from."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on X `(n_samples, n_features)`, on the server."""
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=self.fewest)
        self._train(X, None)
        return self

    def score(self, X: Any, y: Any = None) -> float:
        """The mean log-likelihood; or less than 0 by the inertia, or the reconstruction error."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        ((name, value),) = self._remote.evaluate(X).items()
        return value if name == "mean_log_likelihood" else -value


class Clusterer(ClusterMixin, Unsupervised):  # type: ignore[misc]
    """Tells which cluster a row belongs to."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on X `(n_samples, n_features)`, on the server; `labels_` are its clusters."""
        super().fit(X)
        self.labels_ = self.predict(X)
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """The number of each row's cluster, `(n_rows,)`."""
        found: NDArray[np.int64] = self._ask(X)
        return found


class Projection(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Unsupervised):  # type: ignore[misc]
    """Tells the coordinates of a row in fewer dimensions."""

    fewest = 2

    def transform(self, X: Any) -> NDArray[np.float64]:
        """The coordinates of each row, `(n_rows, n_components)`."""
        found: NDArray[np.float64] = self._ask(X)
        return found

    @property
    def _n_features_out(self) -> int:
        return int(self._remote.predict(np.zeros((1, self.n_features_in_))).shape[1])


def _sendable(classes: NDArray[Any]) -> NDArray[Any]:
    """What stands for these labels on the server, in the same order: they themselves, or where it
    has none such, such as 0.5, their numbers from 0 on."""
    kind = classes.dtype.kind
    themselves = kind in "bU" or (kind == "O" and all(type(one) is str for one in classes))
    if kind in "iu" and int(classes[-1]) < 2**63:
        return classes.astype(np.int64)
    return classes if themselves else np.arange(len(classes))
