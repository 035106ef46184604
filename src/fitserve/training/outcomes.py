"""What the log and the metrics are told of a training: that it began, how it ended, and why."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from fitserve.errors import Busy, FitserveError, ModelExists, TrainingCancelled
from fitserve.observing.lines import FACTS
from fitserve.observing.metrics import Metrics
from fitserve.storage.store import Key
from fitserve.training.lanes import GivesWay

log = logging.getLogger(__name__)


@contextmanager
def told(key: Key, metrics: Metrics) -> Iterator[None]:
    """Tell of the training that is done inside, whatever comes of it."""
    facts = {"model": f"{key.model_type}/{key.model_id}"}
    log.info("A training began", extra={FACTS: facts})
    began = monotonic()
    outcome, cause = "ready", None
    try:
        yield
    except BaseException as error:
        outcome, cause = _outcome(error), _cause(error)
        raise
    finally:
        seconds = monotonic() - began
        metrics.trained(key.model_type, outcome, seconds)
        ended = {"outcome": outcome, "cause": cause, "seconds": round(seconds, 3)}
        log.log(
            logging.WARNING if outcome == "failed" else logging.INFO,
            "A training ended",
            extra={FACTS: facts | ended},
        )


def _outcome(error: BaseException) -> str:
    match error:
        case TrainingCancelled() | ModelExists():
            return "cancelled"
        case GivesWay() | Busy():
            return "postponed"
        case _:
            return "failed"


def _cause(error: BaseException) -> str:
    """Its name and title: what it says in detail may hold a value of the data."""
    if isinstance(error, FitserveError):
        return f"{error.name}: {error.title}"
    return type(error).__name__
