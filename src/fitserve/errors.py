"""Typed errors: raise one where the facts are known; `problems` turns it into an answer."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

Location = tuple[str | int, ...]

FAULT = "The server met a fault of its own; it is in the server's log."
LISTED = 20  # faults named in one answer; the rest are counted
COUNTED = 1000  # faults that are looked for: an answer must not cost more than the work would


class Advice(NamedTuple):
    """What would mend a request, or have a model otherwise, for a program that offers it."""

    words: str
    set: Mapping[str, Any] = MappingProxyType({})
    """Members to write beside the hyperparameters, and at /predict into the body; null takes one
    away, as in a merge patch (RFC 7396). Empty: there is nothing to send."""

    def told(self) -> dict[str, Any]:
        return {"words": self.words, "set": dict(self.set) or None}


class FitserveError(Exception):
    """A refusal that the caller should understand.

    `detail` says what happened and what to do next; it never holds a path or more of the data
    than the offending value.
    """

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    name: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "Internal error"

    def __init__(
        self, detail: str, *, retry_after: int | None = None, remedies: Iterable[Advice] = ()
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.remedies = list(remedies)

    @property
    def headers(self) -> dict[str, str]:
        """What the answer's header tells besides."""
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}

    def problem(self) -> dict[str, Any]:
        """The members of RFC 9457, as they are told and stored."""
        members = problem(self.status, self.name, self.title, self.detail)
        if self.remedies:
            members["remedies"] = [remedy.told() for remedy in self.remedies]
        return members


def problem(status: HTTPStatus, name: str, title: str, detail: str) -> dict[str, Any]:
    return {"type": f"/problems/{name}", "title": title, "status": int(status), "detail": detail}


class Answer(NamedTuple):
    """A problem as it is told."""

    status: HTTPStatus
    media_type: str
    members: Mapping[str, Any]


def told(problem: Mapping[str, Any], path: str) -> Answer:
    """The answer to whoever asked for this path: under /v2 as the Open Inference Protocol has it,
    which knows 400 where others say 422."""
    status = HTTPStatus(problem["status"])
    if path != "/v2" and not path.startswith("/v2/"):
        return Answer(status, "application/problem+json", problem)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    return Answer(status, "application/json", {"error": problem["detail"]})


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a request: where it is, what it is, and its kind.

    `msg` says what was sent, and what to write instead.
    """

    loc: Location
    msg: str
    type: str = "value_error"
    remedies: tuple[Advice, ...] = ()
    column: int | None = None
    """The column of X that it is about, for those who know its name."""

    def __str__(self) -> str:
        where = ".".join(clip(part) for part in self.loc)
        return f"{where}: {self.msg}" if where else self.msg

    def naming(self, feature_names: Sequence[str] | None) -> "Fault":
        """The same, with the name of its column if that has one."""
        if self.column is None or feature_names is None or self.column >= len(feature_names):
            return self
        column = f" (column {clip(feature_names[self.column], 40)!r})"
        wrong, stop, instead = self.msg.rpartition("; ")
        msg = f"{wrong}{column}{stop}{instead}" if stop else f"{self.msg}{column}"
        return replace(self, msg=msg, column=None)

    def spelling(self, spelled: Mapping[str, str]) -> "Fault":
        """The same, with the caller's own names (the values) of hyperparameters (the keys)."""

        def put(part: str) -> str:
            return spelled.get(part, part)

        words = re.compile("|".join(rf"\b{name}\b" for name in spelled) or r"\b\B")
        return replace(
            self,
            loc=tuple(part if isinstance(part, int) else put(part) for part in self.loc),
            msg=words.sub(lambda found: put(found[0]), self.msg),
            remedies=tuple(
                Advice(
                    words.sub(lambda found: put(found[0]), remedy.words),
                    {put(name): value for name, value in remedy.set.items()},
                )
                for remedy in self.remedies
            ),
        )

    def packed(self) -> list[Any]:
        """As JSON, for another process."""
        return [self.loc, self.msg, self.type, self.remedies, self.column]

    @classmethod
    def unpacked(cls, packed: list[Any]) -> Self:
        loc, msg, kind, remedies, column = packed
        return cls(tuple(loc), msg, kind, tuple(Advice(*one) for one in remedies), column)


class InvalidRequest(FitserveError):
    """The request was read, and something in it is wrong.

    `faults` are the first ones in reading order, `total` is how many there are altogether, or
    `COUNTED` where there are more; `add` what to write beside to have them mended, as the caller
    would.
    """

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    name = "invalid-request"
    title = "The request is not valid"

    def __init__(
        self, faults: Iterable[Fault], total: int | None = None, add: str | None = None
    ) -> None:
        self.faults = list(faults)
        self.total = min(len(self.faults) if total is None else total, COUNTED)
        first = self.faults[0]
        if self.total > 1:
            least = "At least " if self.total == COUNTED else ""
            detail = f"{least}{self.total:,} things to mend; the first is {first}."
        else:
            detail = f"{first}." + ("" if add else " Mend it and send the request again.")
        self.add = add
        if add is not None:
            detail = f"{detail} Add {add}"
        found = [remedy for fault in self.faults for remedy in fault.remedies]
        super().__init__(detail, remedies=[r for i, r in enumerate(found) if r not in found[:i]])

    @classmethod
    def at(
        cls, loc: Location, msg: str, type: str = "value_error", *, remedies: Sequence[Advice] = ()
    ) -> "InvalidRequest":
        return cls([Fault(loc, msg, type, tuple(remedies))])

    def problem(self) -> dict[str, Any]:
        members: dict[str, Any] = super().problem()
        members["errors"] = [
            {"loc": [_short(part) for part in fault.loc], "msg": fault.msg, "type": fault.type}
            for fault in self.faults
        ]
        if self.total > len(self.faults):
            members["more_errors"] = self.total - len(self.faults)
        return members


def refuse(faults: Iterator[Fault]) -> None:
    """Raise the faults there are, if there are any: the first `LISTED` whole, the others counted,
    and after `COUNTED` of them it looks for no more."""
    first = list(islice(faults, LISTED))
    if first:
        rest = sum(1 for _ in islice(faults, COUNTED - len(first)))
        raise InvalidRequest(first, len(first) + rest)


@contextmanager
def amended(change: Callable[[Fault], Fault]) -> Iterator[None]:
    """Say of the faults found inside what only the caller of this knows."""
    try:
        yield
    except InvalidRequest as error:
        raise InvalidRequest(map(change, error.faults), error.total, error.add) from None


def relocated(place: Callable[[Location], Location]) -> AbstractContextManager[None]:
    """Say of the faults found inside where they lie in the request as the caller sees it."""
    return amended(lambda fault: replace(fault, loc=place(fault.loc)))


def within(*prefix: str | int) -> AbstractContextManager[None]:
    """Say of the faults found inside that they lie below `prefix`."""
    return relocated(lambda loc: prefix + loc)


class MalformedJson(FitserveError):
    status = HTTPStatus.BAD_REQUEST
    name = "malformed-json"
    title = "The body is not JSON"


class MalformedRequest(FitserveError):
    """What came is not HTTP, or is not all there."""

    status = HTTPStatus.BAD_REQUEST
    name = "malformed-request"
    title = "The request is not well-formed HTTP"

    @classmethod
    def incomplete(cls, sent: int, declared: int | None = None) -> "MalformedRequest":
        of = "" if declared is None else f" of the {declared:,} that its Content-Length says"
        return cls(
            f"The body ended after {sent:,} bytes{of}. Nothing was changed; send all of it, and "
            "keep the connection open until the answer is there."
        )


class Unauthorized(FitserveError):
    """No key, or none that is this server's. Never tells what was sent."""

    status = HTTPStatus.UNAUTHORIZED
    name = "unauthorized"
    title = "A key is needed"

    _challenge = 'Bearer realm="fitserve"'

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self._challenge}

    @classmethod
    def without(cls, what: str) -> "Unauthorized":
        return cls(f"This needs a {what} key; send it in the header 'Authorization: Bearer KEY'.")

    @classmethod
    def otherwise(cls, what: str) -> "Unauthorized":
        return cls(
            f"This needs a {what} key, and the header Authorization must say 'Bearer', a space "
            "and one key: 'Authorization: Bearer KEY'. What was sent is of another form."
        )

    @classmethod
    def wrong(cls, what: str) -> "Unauthorized":
        refused = cls(
            f"This needs a {what} key, and what was sent is no key of this server, or no longer. "
            "Ask who runs it for one."
        )
        refused._challenge += ', error="invalid_token"'
        return refused

    @classmethod
    def in_query(cls) -> "Unauthorized":
        return cls(
            "A key stands in the query, where logs and histories keep it, and is not taken from "
            "there. Have it replaced, since it may be known by now, and send the new one in the "
            "header 'Authorization: Bearer KEY'."
        )


class Forbidden(FitserveError):
    status = HTTPStatus.FORBIDDEN
    name = "forbidden"
    title = "The key may not do this"

    def __init__(self) -> None:
        super().__init__(
            "The key may read, and this writes. Nothing was changed; send a write key in the "
            "header 'Authorization: Bearer KEY'."
        )


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

    @classmethod
    def none_ready(cls, model_type: str) -> "UnknownModel":
        error = cls(model_type, 0)
        error.detail = f"There is no {model_type} model that is ready. POST /register trains one."
        return error


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


class TrainingFailed(FitserveError):
    """There is no model, and why is told elsewhere."""

    status = HTTPStatus.NOT_FOUND
    name = "unknown-model"
    title = "No such model"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"The training of the {model_type} model with id {model_id} failed; "
            f"GET /models/{model_type}/{model_id} tells why. The id may be registered again."
        )


class TrainingCancelled(FitserveError):
    status = HTTPStatus.CONFLICT
    name = "training-cancelled"
    title = "The training was cancelled"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"The {model_type} model with id {model_id} was deleted while it trained, and so is "
            "not there. Register it again if it is wanted."
        )


class TrainingLimit(FitserveError):
    """Training took more than it may, or its process died, as if it had."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    name = "training-limit"
    title = "Training went over its limit"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} The id may be registered again.")

    @classmethod
    def time(cls, seconds: int) -> "TrainingLimit":
        return cls(
            f"Training took longer than its limit of {seconds} seconds. Give fewer rows, columns "
            "or iterations, or raise the limit with the setting FITSERVE_TRAINING_SECONDS."
        )

    @classmethod
    def memory(cls, megabytes: int, needed: int | None = None) -> "TrainingLimit":
        needs = "needs more than" if needed is None else f"needs at least {needed:,} MiB, over"
        return cls(
            f"Training {needs} its limit of {megabytes:,} MiB of memory. Give fewer rows, columns "
            "or components, or raise the limit with the setting FITSERVE_TRAINING_MEMORY_MB."
        )

    @classmethod
    def learned(cls, megabytes: int) -> "TrainingLimit":
        return cls(
            f"What was learned takes more than the {megabytes:,} MiB that a model may take. "
            "Give fewer rows, columns or components."
        )

    @classmethod
    def killed(cls) -> "TrainingLimit":
        return cls(
            "The process that trained the model was killed or crashed, as one does that the "
            "machine has no memory for; the server's log tells more. Give less data, or try again."
        )


class PredictionLimit(FitserveError):
    """Predicting took more time, or its answer more room, than it may."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    name = "prediction-limit"
    title = "The prediction went over its limit"

    @classmethod
    def time(cls, seconds: int, done: int, rows: int) -> "PredictionLimit":
        return cls(
            f"In its limit of {seconds} seconds the server predicted for {done:,} of {rows:,} "
            f"rows. Send at most {max(1, done * 4 // 5):,} rows at a time, or raise the limit "
            "with the setting FITSERVE_PREDICT_SECONDS."
        )

    @classmethod
    def answer(cls, megabytes: int, rows: int, sent: int) -> "PredictionLimit":
        what = f"Send at most {rows:,} of the {sent:,} rows at a time"
        if rows < 1:
            what = "One row is too much already: leave probabilities out"
        return cls(f"The answer would be over the limit of {megabytes} MiB. {what}.")

    @classmethod
    def probabilities(cls, rows: int, sent: int, classes: int) -> "PredictionLimit":
        return cls(
            f"The probabilities of {classes:,} classes for {sent:,} rows are more than one "
            f"evaluation may hold. Send at most {rows:,} rows at a time."
        )


class TrainingLost(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "training-lost"
    title = "The training was lost"

    def __init__(self) -> None:
        super().__init__(
            "Twice the training did not come to its end: its server stopped all of a sudden, or "
            "had no process or store left. Register the model again."
        )


class Busy(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The server takes no more trainings at the moment"

    @classmethod
    def full(cls, waiting: str) -> "Busy":
        return cls(f"{waiting} Nothing was changed; send the request again later.", retry_after=10)

    @classmethod
    def stopping(cls) -> "Busy":
        return cls(
            "The server is stopping and trains nothing new. Nothing was changed; send the "
            "request again.",
            retry_after=5,
        )


class TooManyTrainings(FitserveError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    name = "rate-limited"
    title = "Too many trainings at a time"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most:,} trainings of yours wait or are under way, as many as one client may have. "
            "Nothing was changed. Send the request again when one has ended, DELETE one, or raise "
            "the limit with the setting FITSERVE_CLIENT_TRAININGS.",
            retry_after=10,
        )


class RateLimited(FitserveError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    name = "rate-limited"
    title = "Too many requests"

    def __init__(self, most: int, wait: int) -> None:
        super().__init__(
            f"You have sent {most:,} requests in a minute, as many as one client may. Nothing was "
            f"changed. Send the request again in {wait} seconds, or raise the limit with the "
            "setting FITSERVE_REQUESTS_PER_MINUTE.",
            retry_after=wait,
        )


class Overloaded(FitserveError):
    """There is no room for this one beside the others."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The server has no room for this at the moment"

    @classmethod
    def by_bodies(cls) -> "Overloaded":
        return cls(
            "As many large bodies as this server has room for are being read. Send the request "
            "again later, or fewer rows at a time.",
            retry_after=1,
        )

    @classmethod
    def by_reading(cls, seconds: int) -> "Overloaded":
        return cls(
            f"The body could not be read in {seconds} seconds: the machine has too much else to "
            "do. Send the request again later, or fewer rows at a time.",
            retry_after=5,
        )

    @classmethod
    def by_leaving(cls) -> "Overloaded":
        return cls(
            "The client ended its side of the connection while this request waited, and so it was "
            "left. Send it again, and keep the connection open until the answer is there.",
            retry_after=1,
        )

    @classmethod
    def by_predictions(cls) -> "Overloaded":
        return cls(
            "As many long predictions as this server has room for are under way. Send the request "
            "again later, or fewer rows at a time.",
            retry_after=5,
        )

    @classmethod
    def by_stopping(cls) -> "Overloaded":
        return cls("The server is stopping. Send the request again.", retry_after=5)

    @classmethod
    def by_uploads(cls) -> "Overloaded":
        return cls(
            "Too many large requests are being sent at the moment, and this one was at it for "
            "the longest. Nothing was changed; send it again later, or send less at a time.",
            retry_after=10,
        )

    @classmethod
    def of_disk(cls) -> "Overloaded":
        return cls(
            "The server has no disk or no file descriptors left for this request. Nothing was "
            "changed; send it again later, or send less at a time.",
            retry_after=10,
        )

    @classmethod
    def of_memory(cls) -> "Overloaded":
        return cls(
            "The machine has no memory left for this request. Send it again later, or fewer rows "
            "at a time.",
            retry_after=5,
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


class StoreFull(StoreUnavailable):
    """There is no room on the store's disk."""

    title = "The store is full"

    def __init__(self) -> None:
        FitserveError.__init__(
            self,
            "The disk of the store of models is full, and nothing was changed. DELETE models that "
            "are not needed any more, or give the disk more room; then send the request again.",
            retry_after=10,
        )


class StoreTooNew(FitserveError):
    """The store was led on by a newer program; this one cannot use it, and has to end."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The store is of a newer version"

    def __init__(self, needed: int, ours: int) -> None:
        super().__init__(
            f"the store needs a program of schema {needed} or newer, and this one is of schema "
            f"{ours}; start the newer program, or restore a backup from before it ran"
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


class TooMany(FitserveError):
    """The request asks for more than a setting allows."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    name = "too-large"
    title = "The request is over a limit"

    @classmethod
    def cells(cls, rows: int, columns: int, limit: int) -> "TooMany":
        return cls(
            f"{rows:,} rows of {columns:,} columns, as they are encoded, are {rows * columns:,} "
            f"cells, over the limit of {limit:,}. Send fewer rows or columns, or raise the limit "
            "with the setting FITSERVE_MAX_CELLS."
        )

    @classmethod
    def rows(cls, rows: int, limit: int) -> "TooMany":
        return cls(
            f"{rows:,} rows are over the limit of {limit:,} in one request. Send fewer at a time, "
            "or raise the limit with the setting FITSERVE_MAX_BATCH_ROWS."
        )


class TooManyModels(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The store has no room for another model"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The store holds {limit:,} models, failed and queued ones counted, as many as it may. "
            "Nothing was changed. DELETE one that is not needed any more, or raise the limit with "
            "the setting FITSERVE_MAX_MODELS; then send the request again.",
            retry_after=10,
        )


class TakesTooMuch(TooLarge):
    """It is not over the limit of bytes, but takes too much memory while it is read."""

    title = "The body takes too much memory"

    def __init__(self, megabytes: int) -> None:
        FitserveError.__init__(
            self,
            f"Reading this body takes more than the {megabytes:,} MiB of memory that it may. Send "
            "fewer rows at a time, or the table as CSV, which takes less.",
        )


class UnsupportedMediaType(FitserveError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    name = "unsupported-media-type"
    title = "The body's media type is not supported"


def _short(part: str | int) -> str | int:
    return part if isinstance(part, int) else clip(part)


def clip(value: object, width: int = 80) -> str:
    """`value` as text that is short enough to stand in a message."""
    text = str(value)
    return text if len(text) <= width else text[: width - 1] + "…"
