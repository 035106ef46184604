"""Typed errors: raise one where the facts are known; `problems` turns it into an answer."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import ClassVar

Location = tuple[str | int, ...]

LISTED = 20  # faults named in one answer; the rest are counted


class FitserveError(Exception):
    """A refusal that the caller should understand.

    `detail` says what happened and what to do next; it never holds a path or more of the data
    than the offending value.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    name: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request: where it is, what it is, and its kind."""

    loc: Location
    msg: str
    type: str = "value_error"

    def __str__(self) -> str:
        where = ".".join(clip(part) for part in self.loc)
        return f"{where}: {self.msg}" if where else self.msg


class InvalidRequest(FitserveError):
    """The request was read, and something in it is wrong.

    `faults` are the first ones in reading order, `total` is how many there are altogether.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    name = "invalid-request"
    title = "The request is not valid"

    def __init__(self, faults: Iterable[Fault], total: int | None = None) -> None:
        self.faults = list(faults)
        self.total = len(self.faults) if total is None else total
        first = self.faults[0]
        if self.total == 1:
            detail = f"{first}. Mend it and send the request again."
        else:
            detail = f"{self.total} things to mend; the first is {first}."
        super().__init__(detail)

    @classmethod
    def at(cls, loc: Location, msg: str, type: str = "value_error") -> "InvalidRequest":
        return cls([Fault(loc, msg, type)])


@contextmanager
def relocated(place: Callable[[Location], Location]) -> Iterator[None]:
    """Say of the faults found inside where they lie in the request as the caller sees it."""
    try:
        yield
    except InvalidRequest as error:
        faults = [replace(fault, loc=place(fault.loc)) for fault in error.faults]
        raise InvalidRequest(faults, error.total) from None


def within(*prefix: str | int) -> AbstractContextManager[None]:
    """Say of the faults found inside that they lie below `prefix`."""
    return relocated(lambda loc: prefix + loc)


class MalformedJson(FitserveError):
    status = HTTPStatus.BAD_REQUEST
    name = "malformed-json"
    title = "The body is not JSON"


class UnknownModelType(FitserveError):
    status = HTTPStatus.NOT_FOUND
    name = "unknown-model-type"
    title = "No such model type"

    def __init__(self, model_type: str, known: Sequence[str]) -> None:
        super().__init__(
            f"There is no model type {clip(model_type)!r}. The types are: {', '.join(known)}."
        )


class UnknownModel(FitserveError):
    status = HTTPStatus.NOT_FOUND
    name = "unknown-model"
    title = "No such model"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"There is no {model_type} model with id {model_id}. POST /list with "
            f'{{"model_type": "{model_type}"}} lists the ids there are.'
        )


class ModelExists(FitserveError):
    status = HTTPStatus.CONFLICT
    name = "model-exists"
    title = "The id is taken"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"There is a {model_type} model with id {model_id} already, and a model never "
            f"changes. Choose another id, or DELETE /models/{model_type}/{model_id} first."
        )


class ModelTraining(FitserveError):
    status = HTTPStatus.CONFLICT
    name = "model-training"
    title = "The model is still training"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"The {model_type} model with id {model_id} is not ready yet. Ask again later; "
            f"GET /models/{model_type}/{model_id} shows its status.",
            retry_after=1,
        )


class StoreUnavailable(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The store cannot be reached"

    def __init__(self) -> None:
        super().__init__(
            "The store of models cannot be reached or written at the moment, and nothing was "
            "changed. Send the request again later.",
            retry_after=2,
        )


class ModelUnreadable(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "model-unreadable"
    title = "The stored model cannot be read"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"What is stored of the {model_type} model with id {model_id} is damaged or of a "
            "newer version; the server's log says which. Restore it from a backup, or DELETE "
            f"/models/{model_type}/{model_id} and register it again."
        )


class DamagedModel(ValueError):
    """Stored bytes are not what was stored."""


class TooLarge(FitserveError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    name = "too-large"
    title = "The body is too large"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The body is over the limit of {limit} bytes. Send less, or raise the limit with "
            "the setting FITSERVE_MAX_CONTENT_LENGTH."
        )


class UnsupportedMediaType(FitserveError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    name = "unsupported-media-type"
    title = "The body's media type is not supported"


def clip(value: object, width: int = 80) -> str:
    """`value` as text that is short enough to stand in a message."""
    text = str(value)
    return text if len(text) <= width else text[: width - 1] + "…"
