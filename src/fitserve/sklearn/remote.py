"""The model on the server that a fitted estimator stands for, and who removes it."""

import os
import secrets
import weakref
from contextlib import suppress
from functools import lru_cache
from typing import Any, Self

from fitserve.client import Client, Exists, Problem
from fitserve.client.problems import foreign
from fitserve.client.shapes import TRAINED, fits

HIGHEST = 2**53 - 1  # the largest id there is


class Remote:
    """A model that is removed when nobody refers to it any more, at the latest when this process
    ends.

    One that was pickled may be referred to from anywhere: from then on nobody removes it but
    who calls `delete`. Copies in this process are this one.
    """

    def __init__(self, client: Client, description: dict[str, Any]) -> None:
        self.client = client
        self.description = description
        self.key = description["model_type"], description["model_id"]
        self._let_go = weakref.finalize(self, _delete, client, *self.key, os.getpid())

    @classmethod
    def trained(cls, client: Client, model_type: str, X: Any, y: Any, **kwargs: Any) -> Self:
        """Train under an id that is free."""
        while True:
            model_id = secrets.randbelow(HIGHEST + 1)
            with suppress(Exists):
                description = client.register(model_type, model_id, X, y, **kwargs)
                if not fits(description, TRAINED):
                    raise foreign(description)
                return cls(client, description)

    def predict(self, X: Any, *, probabilities: bool = False) -> Any:
        return self.client.predict(*self.key, X, probabilities=probabilities)

    def evaluate(self, X: Any) -> dict[str, float]:
        """The figures of rows without y."""
        metrics: dict[str, float] = self.client.evaluate(*self.key, X)["metrics"]
        return metrics

    def delete(self) -> None:
        """Remove it now."""
        self._let_go.detach()
        self.client.delete(*self.key)

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        self._let_go.detach()
        return _referring, (self.client, self.description)


def _referring(client: Client, description: dict[str, Any]) -> Remote:
    remote = Remote(client, description)
    remote._let_go.detach()
    return remote


@lru_cache
def connected(url: str, key: str | None) -> Client:
    """One client for all estimators of a server, who so share its connections."""
    return Client(url, key)


def _delete(client: Client, model_type: str, model_id: int, pid: int) -> None:
    if pid == os.getpid():  # after a fork it is the parent's
        with suppress(Problem):  # the server may be gone, or the model
            client.delete(model_type, model_id)
