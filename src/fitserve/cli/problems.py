"""A problem as it is said in a terminal: what is wrong, where, and which options mend it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fitserve.cli.members import DATA
from fitserve.cli.options import ELSEWHERE, NAMES, SWITCHES, place, written
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
    rf"|({'|'.join(sorted(NAMES))})='?((?:[^\s;,'\")]|,(?=\S))*[^\s;,'\").])?'?"
    r"|(?<!\()([a-zC]\w*)=(-?\d(?:[\w.+-]*\w)?|true|false|l[12]))"
)
"""A parameter of a query, and its value, where a text tells of it."""
_MEMBER = re.compile(r""""([A-Za-z_]\w*)": (-?\d[\w.+-]*|true|false|"[\w-]+"|\["[^"\]]+"\])""")
"""A member of kwargs, and its value, where a text tells of one alone."""
_TWICE = re.compile(r"(?<=JSON inside of JSON), and was declared CSV; .*", re.DOTALL)
"""What is told of a header, where the command sends it."""
_FRAME = "send df.to_dict('list'), or without pandas "
_KEYS = ("/problems/unauthorized", "/problems/forbidden")


def said(problem: "Problem") -> str:
    """The problem in lines."""
    detail = by_variables(by_options(problem.detail))
    if here := _HERE.get(problem.type):
        detail = f"{detail.partition('. ')[0].rstrip('.')}. {here}"
    lines = [f"fitserve: {printable(detail)}\n"]
    if problem.errors:
        n = len(problem.errors) + problem.more_errors
        lines = [f"fitserve: {n:,} things to mend:\n" if n > 1 else "fitserve: to mend:\n"]
        lines += [
            f"  {at}: {printable(by_options(_settings(at, one['msg'])))}\n"
            for one in problem.errors
            for at in [_place(one["loc"])]
        ]
        if problem.more_errors:
            lines.append(f"  and {problem.more_errors:,} more\n")
    if problem.remedies:
        lines += ["What mends it:\n", advised(problem.remedies)]
    if problem.hint:
        lines.append(f"{printable(by_variables(by_options(problem.hint)))}\n")
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


def by_variables(text: str) -> str:
    """The text, where it tells of what a client is given with the variables that say the same."""
    return re.sub(
        r"^(url|key)(?=: )|\b(?:url|key),? or (?=FITSERVE_)",
        lambda found: f"FITSERVE_{found[1].upper()}" if found[1] else "",
        text,
    )


def by_options(text: str) -> str:
    """The text, where it tells of parameters of a query with the options that say the same. What
    it quotes of a user's, and lists of names, stay as they are."""
    from fitserve.errors.wording import reworded

    text = re.sub(r"\bmissing='impute' or 'drop'", "missing=impute or missing=drop", text)
    text = re.sub(r"(missing=drop|['\"\]]) beside X", r"\1", text)
    text = _TWICE.sub("; send it without the quotes around it, and without backslashes in it", text)
    text = text.replace(_FRAME, "write what df.to_csv(FILE, index=False) makes, or in JSON ")
    return reworded(
        text, lambda part: _MEMBER.sub(_of_a_member, _PARAMETER.sub(_by_an_option, part))
    )


def _of_a_member(found: "re.Match[str]") -> str:
    name, text = found.groups()
    if name in ELSEWHERE:
        return found[0]
    return written({name: json.loads(text) if text[0] in '["' else text})


def _settings(place: str, text: str) -> str:
    """The text, where it tells of all that could be meant by --set with hyperparameters alone."""
    if not place.startswith("--set "):
        return text
    said, known, names = text.partition("known are: ")
    others = {*NAMES, *ELSEWHERE, "dry_run"}
    left = [name for name in names.split(", ") if name not in others]
    return f"{said}{known}{', '.join(left)}" if left else text


def _by_an_option(found: "re.Match[str]") -> str:
    name = found[1] or found[3] or found[5] or found[7]
    text = unquote(found[2] or found[4] or found[6] or found[8] or "")
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
        case ["kwargs", _, *_] as inside:
            _, *rest = inside
            where = ".".join(map(str, rest))
        case other:
            where = ".".join(map(str, other))
    return printable(where)
