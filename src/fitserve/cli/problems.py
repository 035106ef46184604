"""A problem as it is said in a terminal: what is wrong, where, and which options mend it."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fitserve.cli.members import DATA
from fitserve.cli.options import NAMES, SWITCHES, place, written
from fitserve.cli.tables import pairs, printable

if TYPE_CHECKING:
    from fitserve.client import Problem


_HERE = {
    "/problems/unknown-model": "`fitserve list` shows those there are.",
    "/problems/model-exists": "Choose another id, or remove it first by `fitserve delete`.",
    "/problems/model-training": "`fitserve show` tells how far it is.",
}
"""What to do next, in place of the requests that the server names."""
_PARAMETER = re.compile(
    r"(?<![\w?&=/'-])(?:(delimiter|decimal)=(tab|%[0-9A-F]{2}|[^\s\w])?"
    r"|(kinds)=(.{1,80}?:(?:number|category|text)\b(?:,\S+:(?:number|category|text)\b)*)"
    rf"|({'|'.join(sorted(NAMES))})='?((?:[^\s;,'\")]|,(?=\S))*[^\s;,'\").])?'?)"
)
"""A parameter of a query, and its value, where a text tells of it."""
_KEYS = ("/problems/unauthorized", "/problems/forbidden")


def said(problem: "Problem") -> str:
    """The problem in lines."""
    detail = by_options(problem.detail)
    if here := _HERE.get(problem.type):
        detail = f"{detail.partition('. ')[0].rstrip('.')}. {here}"
    lines = [f"fitserve: {printable(detail)}\n"]
    if problem.errors:
        n = len(problem.errors) + problem.more_errors
        lines = [f"fitserve: {n:,} things to mend:\n" if n > 1 else "fitserve: to mend:\n"]
        lines += [
            f"  {_place(one['loc'])}: {printable(by_options(one['msg']))}\n"
            for one in problem.errors
        ]
        if problem.more_errors:
            lines.append(f"  and {problem.more_errors:,} more\n")
    if problem.remedies:
        lines += ["What mends it:\n", advised(problem.remedies)]
    if problem.hint:
        lines.append(f"{printable(by_options(problem.hint))}\n")
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


def by_options(text: str) -> str:
    """The text, where it tells of parameters of a query with the options that say the same."""
    return _PARAMETER.sub(_by_an_option, text)


def _by_an_option(found: "re.Match[str]") -> str:
    name = found[1] or found[3] or found[5]
    text = unquote(found[2] or found[4] or found[6] or "")
    if not text:
        return place(name)
    if (name, True) in SWITCHES:
        return SWITCHES.get((name, text == "true"), found[0])
    return written({name: text})


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
