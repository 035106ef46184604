"""What the server refused, as exceptions: a class for each kind, and the problem as it was told."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fitserve.client.shapes import PROBLEM, fits
from fitserve.client.transport import Answer

MOST_TEXT = 300  # characters of an answer that is no problem of fitserve's


class Problem(Exception):
    """A request that was not done, and why (RFC 9457). `str` says it in sentences."""

    def __init__(self, members: Mapping[str, Any], hint: str = "") -> None:
        super().__init__(members, *filter(None, [hint]))
        self.members = dict(members)
        """The problem as it was told."""
        self.hint = hint
        """What the client knows besides: what to mend where it is made."""
        self.type: str = members.get("type", "about:blank")
        """`/problems/NAME`, by which programs tell them apart."""
        self.title: str = members.get("title", "")
        self.status: int = members.get("status", 0)
        """Of HTTP; 0 where no answer came."""
        self.detail: str = members.get("detail", self.title)
        """What is wrong, where, and what to do next."""
        self.errors: list[dict[str, Any]] = members.get("errors", [])
        """Each thing that is wrong: `loc`, `msg`, `type`; the first 20."""
        self.more_errors: int = members.get("more_errors", 0)
        self.remedies: list[dict[str, Any]] = members.get("remedies", [])
        """What would mend it: `words`, and in `set` what to send."""
        self.request_id: str | None = members.get("request_id")
        """By what the server's log knows the request."""

    def __str__(self) -> str:
        said = " ".join(filter(None, [self.detail, self.hint]))
        if len(self.errors) < 2:
            return said
        others = self.errors[1:]  # the first stands in the detail
        lines = [f"  {'.'.join(map(str, one['loc']))}: {one['msg']}" for one in others]
        more = [f"  and {self.more_errors} more"] if self.more_errors else []
        return "\n".join([said, *lines, *more])


class Invalid(Problem, ValueError):
    """What was sent cannot be read, or learned from (400, 405, 415, 422)."""


class OverLimit(Invalid):
    """Training or predicting went over the server's limit of time or memory."""


class TooLarge(Invalid):
    """More was sent than the server takes (413, 414, 431)."""


class Unauthorized(Problem):
    """No key, or a wrong one."""


class Forbidden(Problem):
    """A key that may read, where one is needed that may write."""


class NotFound(Problem):
    """No such model, model type or route."""


class Exists(Problem):
    """The id is taken, or the model is not ready yet (409)."""


class TooManyRequests(Problem):
    """The client has as many trainings, or has sent as many requests a minute, as it may."""


class Unavailable(Problem):
    """The server could not do it now, and changed nothing (5xx)."""


class Unreachable(Problem):
    """No answer came from the server."""

    def __init__(self, members: Mapping[str, Any] | str) -> None:
        if isinstance(members, str):
            members = {"title": "The server cannot be reached", "detail": members}
        super().__init__(members)


_KINDS: dict[int, type[Problem]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Exists,
    413: TooLarge,
    414: TooLarge,
    429: TooManyRequests,
    431: TooLarge,
}
_LIMITS = ("/problems/training-limit", "/problems/prediction-limit")


def problem(members: Mapping[str, Any], hint: str = "") -> Problem:
    """The exception of this problem."""
    status = members.get("status", 0)
    if members.get("type") in _LIMITS:
        return OverLimit(members, hint)
    kind = _KINDS.get(status, Unavailable if status >= 500 else Invalid)
    return kind(members, hint)


def refusal(answer: Answer, hint: str = "") -> Problem:
    """The exception of an answer that is none of success, or not one of fitserve's."""
    try:
        told = json.loads(answer.content)
    except (ValueError, RecursionError):
        told = None
    members = {"title": answer.reason, "status": answer.status}
    refused = answer.status >= HTTPStatus.MULTIPLE_CHOICES
    if refused and fits(told, PROBLEM):
        members |= told
    elif refused and fits(told, {"error": str}):  # the inference protocol's
        members["detail"] = told["error"]
    else:
        text = answer.content[:MOST_TEXT].decode("utf-8", "replace").strip()
        kind = "problem" if refused else "answer"
        members["detail"] = f"{answer.status} {answer.reason}, and no {kind} of fitserve's: {text}"
    members.setdefault("request_id", answer.headers.get("X-Request-ID"))
    return problem(members, hint)


def foreign(told: Any) -> Problem:
    """The exception of what a success told, where it is not one of fitserve's."""
    text = json.dumps(told, ensure_ascii=False)[:MOST_TEXT]
    said = f"200 OK, and no answer of fitserve's: {text}"
    return problem({"title": "OK", "status": int(HTTPStatus.OK), "detail": said})
