"""A command that asks a server: the client it is given, and what its exit codes say."""

import json
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fitserve.cli.bodies import Request
from fitserve.cli.problems import by_variables, said
from fitserve.cli.progress import Line

if TYPE_CHECKING:
    from fitserve.client import Client, Problem
    from fitserve.client.shapes import Shape
    from fitserve.client.transport import Answer

T = TypeVar("T")

FAILED, UNREACHABLE = 1, 3
INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the signal's number, as shells have it."""
SECONDS = 120.0
"""How long an answer may take: longer than a prediction may take on the server."""


def asking(function: Callable[..., Any]) -> Callable[..., int]:
    """A command's function that is called with a client, and whose problems are said."""

    @wraps(function)
    def asked(**given: Any) -> int:
        from fitserve.client import Client, Problem, Unreachable

        _refuse_no_text(given)
        try:
            client = Client(timeout=SECONDS)
        except ValueError as error:
            raise click.UsageError(by_variables(str(error))) from None
        try:
            with client:
                return function(client, **given) or 0
        except Problem as problem:
            if given.get("as_json") or given.get("form") == "json":
                click.echo(json.dumps(problem.members), err=True)
            else:
                click.echo(said(problem), err=True, nl=False)
            return UNREACHABLE if isinstance(problem, Unreachable) else FAILED

    return asked


def _refuse_no_text(given: Mapping[str, Any]) -> None:
    """Bytes that are no UTF-8 may name a file, and nothing that is sent."""
    for name, value in given.items():
        typed = "".join(map(str, value if isinstance(value, tuple) else (value,)))
        if name != "file" and any("\udc80" <= sign <= "\udcff" for sign in typed):
            raise click.UsageError("What is typed must be UTF-8, and some of this is not.")


def sent(
    client: "Client",
    path: str,
    request: Request,
    line: Line,
    *,
    repeatable: bool = True,
    **headers: str,
) -> "Answer":
    """The answer to a POST."""
    from fitserve.client.transport import Body

    body = Body(request.content)
    told = {"Content-Type": request.media_type} | headers
    try:
        return client.request(
            "POST",
            path,
            request.query,
            body,
            told,
            repeatable=repeatable,
            upload=line.uploading,
        )
    finally:
        body.close()


def told(answer: "Answer", wanted: "Shape") -> dict[str, Any]:
    """What it says, of the shape that is wanted; as the client reads what it is answered."""
    from fitserve.client.requests import members_of

    return members_of(answer, wanted)


def held(found: T, wanted: "Shape") -> T:
    """What the client was told, of the shape that is shown; raises what it is instead."""
    from fitserve.client.shapes import fits

    if not fits(found, wanted):
        raise foreign(found)
    return found


def foreign(found: Any) -> "Problem":
    """The problem that this was told, and is none of fitserve's."""
    from fitserve.client import problems

    return problems.foreign(found)


def raw(content: bytes) -> None:
    """Write an answer as it came."""
    sys.stdout.buffer.write(content if content.endswith(b"\n") else content + b"\n")
    sys.stdout.buffer.flush()
