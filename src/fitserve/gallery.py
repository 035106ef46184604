"""The pictures of models: taken when somebody asks, kept for those who ask next."""

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from pydantic_core import from_json, to_json

from fitserve.errors import PredictionLimit
from fitserve.evaluation.pictures import pictures
from fitserve.evaluation.pictures.subject import Budget, LeftOut, Sample, Subject
from fitserve.predictor import Predictor, Work, slices
from fitserve.storage.cache import Loaded
from fitserve.storage.store import Record, State

T = TypeVar("T")


class Gallery:
    """Takes the pictures of models. They are kept beside the model, and go with it.

    Whoever takes them has room among long predictions and goes in turn with them; others that
    ask for the same model wait for that, and have room there, too.
    """

    def __init__(self, sample: Callable[[Record], State | None]) -> None:
        self._sample = sample
        self._taking: dict[str, Lock] = {}  # by the tokens of the models

    def pictures(self, loaded: Loaded, predictor: Predictor) -> dict[str, Any]:
        """As `evaluation.pictures` has them. Raises `Overloaded`, or what the store raises."""
        if loaded.pictures is not None:
            return _told(loaded.pictures)
        token = loaded.record.token
        with predictor.at_length(1, 1.0) as work, self._taking.setdefault(token, Lock()):
            try:
                if loaded.pictures is not None:  # by whoever was before
                    return _told(loaded.pictures)
                return self._taken(loaded, _Turns(work))
            finally:
                self._taking.pop(token, None)

    def _taken(self, loaded: Loaded, turns: "_Turns") -> dict[str, Any]:
        state = self._sample(loaded.record)
        names = loaded.columns.encoded_names if loaded.columns else loaded.feature_names
        taken = pictures(
            Subject(
                model=loaded.model,
                described=loaded.record.description,
                names=names or [str(j) for j in range(loaded.model.n_features_in_)],
                columns=loaded.columns,
                sample=Sample.restored(state) if state else None,
                budget=Budget(turns, loaded.row_cost),
            )
        )
        if turns.in_time:
            loaded.pictures = to_json(taken)
        return taken


def _told(pictures: bytes) -> dict[str, Any]:
    found: dict[str, Any] = from_json(pictures)
    return found


class _Turns:
    """Work of pictures in turn with long predictions, and whether there was time for it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.in_time = True

    def __call__(self, n_rows: int, cost: float, predict: Callable[[slice], T]) -> list[T]:
        try:
            return self._work.through(n_rows, cost, slices(n_rows), predict)
        except PredictionLimit:
            self.in_time = False
            raise LeftOut("The server had too much else to do to draw it; ask again.") from None
