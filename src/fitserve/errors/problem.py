"""What every error is: a problem of RFC 9457, with advice where there is some."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

FAULT = "The server met a fault of its own; it is in the server's log."


class Advice(NamedTuple):
    """What would mend a request, or have a model otherwise, for a program that offers it."""

    words: str
    set: Mapping[str, Any] = MappingProxyType({})
    """Members to write beside the hyperparameters, and at /predict into the body; null takes one
    away, as in a merge patch (RFC 7396). Empty: there is nothing to send."""

    def told(self) -> dict[str, Any]:
        return {"words": self.words, "set": dict(self.set) or None}

    def spelling(self, spelled: Mapping[str, str]) -> "Advice":
        """The same, with the caller's own names (the values) of hyperparameters (the keys)."""
        named = {spelled.get(name, name): value for name, value in self.set.items()}
        return Advice(spelling(self.words, spelled), named)


def spelling(text: str, spelled: Mapping[str, str]) -> str:
    """The text with these names (the keys) written as the caller has them (the values)."""
    words = re.compile("|".join(rf"\b{name}\b" for name in spelled) or r"\b\B")
    return words.sub(lambda found: spelled[found[0]], text)


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
    return Answer(status, "application/json", {"error": _in_one(problem)})


def _in_one(problem: Mapping[str, Any]) -> str:
    """The detail, and every fault in it."""
    faults = problem.get("errors", ())
    if len(faults) < 2:
        return str(problem["detail"])
    each = (
        f"({i}) {'.'.join(map(str, one['loc']))}: {one['msg']}" for i, one in enumerate(faults, 1)
    )
    more = f" And {problem['more_errors']:,} more." if "more_errors" in problem else ""
    return f"{problem['detail'].partition('; ')[0]}: {'. '.join(each)}.{more}"


def counted(n: int, thing: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def clip(value: object, width: int = 80) -> str:
    """`value` as text that is short enough to stand in a message."""
    text = str(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def blanks_around(name: str) -> str:
    """Which ends of a name are blanks, as `begins with a blank`, or ''."""
    ends = {"begins": name[:1].isspace(), "ends": name[-1:].isspace()}
    found = " and ".join(end for end, blank in ends.items() if blank)
    return f"{found} with a blank" if found else ""
