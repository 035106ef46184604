"""A problem as it is said in a terminal: what is wrong, where, and which options mend it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fitserve.cli.members import DATA
from fitserve.cli.options import place, written
from fitserve.cli.tables import pairs, printable

if TYPE_CHECKING:
    from fitserve.client import Problem


_HERE = {
    "/problems/unknown-model": "`fitserve list` shows those there are.",
    "/problems/model-exists": "Choose another id, or remove it first by `fitserve delete`.",
    "/problems/model-training": "`fitserve show` tells how far it is.",
}
"""What to do next, in place of the requests that the server names."""
_KEYS = ("/problems/unauthorized", "/problems/forbidden")


def said(problem: "Problem") -> str:
    """The problem in lines."""
    detail = problem.detail
    if here := _HERE.get(problem.type):
        detail = f"{detail.partition('. ')[0].rstrip('.')}. {here}"
    lines = [f"fitserve: {printable(detail)}\n"]
    if problem.errors:
        n = len(problem.errors) + problem.more_errors
        lines = [f"fitserve: {n:,} things to mend:\n" if n > 1 else "fitserve: to mend:\n"]
        lines += [f"  {_place(one['loc'])}: {printable(one['msg'])}\n" for one in problem.errors]
        if problem.more_errors:
            lines.append(f"  and {problem.more_errors:,} more\n")
    if problem.remedies:
        lines += ["What mends it:\n", advised(problem.remedies)]
    if problem.hint:
        lines.append(f"{printable(problem.hint)}\n")
    elif problem.type in _KEYS:
        lines.append("The variable FITSERVE_KEY says which key is sent.\n")
    if problem.status >= 500 and problem.request_id:
        lines.append(f"The server's log knows it as {printable(problem.request_id)}.\n")
    return "".join(lines)


def advised(advice: Sequence[Mapping[str, Any]]) -> str:
    """Each advice beside the options to write."""
    return pairs(((option(one["set"] or {}), one["words"]) for one in advice), indent="  ")


def option(members: Mapping[str, Any]) -> str:
    """What to write for these members; null takes one away."""
    away = [f"without {place(name)}" for name, value in members.items() if value is None]
    return printable(", ".join([*filter(None, [written(members)]), *away]))


def _place(loc: Sequence[str | int]) -> str:
    match list(loc):
        case ["line", int(line), *column]:
            where = ", ".join([f"line {line}", *map(str, column)])
        case ["query" | "kwargs", str(name), *rest] if name not in DATA:
            where = ".".join([place(name), *map(str, rest)])
        case ["kwargs", *rest]:
            where = ".".join(map(str, rest))
        case other:
            where = ".".join(map(str, other))
    return printable(where)
