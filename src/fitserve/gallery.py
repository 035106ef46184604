"""The pictures of models: taken when somebody asks, kept in memory for those who ask next."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any, TypeVar

from pydantic_core import from_json, to_json

from fitserve.errors import PredictionLimit
from fitserve.evaluation.pictures import pictures
from fitserve.evaluation.pictures.subject import Budget, LeftOut, Sample, Subject
from fitserve.predictor import Predictor, Work
from fitserve.storage.cache import Loaded
from fitserve.storage.store import Record, State

CAPACITY = 2**24  # bytes of pictures, as JSON

T = TypeVar("T")


class Gallery:
    """At most so many bytes of pictures, and always those of the model asked for last.

    Whoever takes them has room among long predictions and goes in turn with them; others that
    ask for the same model wait for that, and have room there, too.
    """

    def __init__(self, sample: Callable[[Record], State | None], capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self._sample = sample
        self._kept: OrderedDict[str, bytes] = OrderedDict()  # by the tokens of the models
        self._lock = Lock()
        self._taking: dict[str, Lock] = {}

    def pictures(self, loaded: Loaded, predictor: Predictor) -> dict[str, Any]:
        """As `evaluation.pictures` has them. Raises `Overloaded`, or what the store raises."""
        token = loaded.record.token
        if (kept := self._get(token)) is not None:
            return kept
        with predictor.at_length(1, 1.0) as work, self._taking.setdefault(token, Lock()):
            try:
                return self._get(token) or self._taken(loaded, _Turns(work))
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
            self._put(loaded.record.token, to_json(taken))
        return taken

    def _get(self, token: str) -> dict[str, Any] | None:
        with self._lock:
            kept = self._kept.get(token)
            if kept is None:
                return None
            self._kept.move_to_end(token)
        found: dict[str, Any] = from_json(kept)
        return found

    def _put(self, token: str, taken: bytes) -> None:
        with self._lock:
            self._kept[token] = taken
            excess = sum(map(len, self._kept.values())) - self.capacity
            while excess > 0 and len(self._kept) > 1:
                excess -= len(self._kept.popitem(last=False)[1])


class _Turns:
    """Work of pictures in turn with long predictions, and whether there was time for it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.in_time = True

    def __call__(self, n_rows: int, cost: float, predict: Callable[[slice], T]) -> list[T]:
        def blocks(step: int) -> Iterator[slice]:
            for start in range(0, n_rows, step):
                yield slice(start, min(start + step, n_rows))

        try:
            return self._work.through(n_rows, cost, blocks, predict)
        except PredictionLimit:
            self.in_time = False
            raise LeftOut("The server had too much else to do to draw it; ask again.") from None
