"""An estimator of scikit-learn's for each model type, which trains and predicts on a server:

    from fitserve.sklearn import Knn
    cross_val_score(Knn(n_neighbors=3, url="http://127.0.0.1:8000"), X, y)

They are made from the catalog, and have its classes' names and hyperparameters. Needs
scikit-learn: `pip install .[sklearn]`.
"""

from inspect import Parameter, Signature
from typing import Any

from fitserve.models import catalog
from fitserve.models.base import Model
from fitserve.sklearn.estimators import Clusterer, Projection, RemoteEstimator, Supervised

_BASES: dict[str, type[RemoteEstimator]] = {
    "classification": Supervised,
    "regression": Supervised,
    "clustering": Clusterer,
    "projection": Projection,
}
_SERVER = {
    "url": "Where the server is; None: FITSERVE_URL, or http://127.0.0.1:8000.",
    "key": "The key that it is asked with; None: FITSERVE_KEY, or none.",
}


def _estimator(cls: type[Model]) -> type[RemoteEstimator]:
    """The estimator of this model type."""
    defaults = cls().hyperparameters()
    seed = defaults.pop("random_state")
    defaults |= {"random_state": seed, "url": None, "key": None}
    signature = Signature(
        [Parameter("self", Parameter.POSITIONAL_ONLY)]
        + [Parameter(name, Parameter.KEYWORD_ONLY, default=it) for name, it in defaults.items()]
    )

    def initialize(self: RemoteEstimator, **given: Any) -> None:
        bound = signature.bind(self, **given)
        bound.apply_defaults()
        for name in defaults:
            setattr(self, name, bound.arguments[name])

    initialize.__signature__ = signature  # type: ignore[attr-defined]
    members = {
        "__init__": initialize,
        "__doc__": _document(cls, list(defaults)),
        "__module__": __name__,
        "model_type": cls.model_type(),
        "tasks": cls.tasks,
        "hyperparameters": tuple(name for name in defaults if name not in _SERVER),
        "gives_probabilities": cls.gives_probabilities,
        "counting": cls.counting,
    }
    return type(cls.__name__, (_BASES[cls.tasks[0]],), members)


_DOCUMENT = """{summary} Trains and predicts on a fitserve server.

The model stays there until the estimator is fitted again, or nobody has it any more; one that was
pickled stays until `delete` is called. `description_` is what the server tells of it.

{parameters}
"""


def _document(cls: type[Model], names: list[str]) -> str:
    known = cls.schema()["properties"]
    meanings = _SERVER | {name: one["description"] for name, one in known.items()}
    parameters = "\n".join(f"{name}: {meanings[name]}" for name in names)
    return _DOCUMENT.format(summary=cls.summary(), parameters=parameters)


_ESTIMATORS = {cls.__name__: _estimator(cls) for cls in catalog().values()}
globals().update(_ESTIMATORS)
__all__ = sorted(_ESTIMATORS)


def __getattr__(name: str) -> Any:
    known = ", ".join(sorted(_ESTIMATORS))
    raise AttributeError(f"there is no estimator {name!r}; known are: {known}")
