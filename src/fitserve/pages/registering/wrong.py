"""What is wrong, as a list of links to where it can be mended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from fitserve.errors import Fault, FitserveError, InvalidRequest
from fitserve.pages.drawing.wording import listed, short

_ELSEWHERE = {"cv": "check", "holdout": "check", "importance": "check", "y": "target"}
NAMED = 6  # columns that one sentence names


@dataclass(frozen=True)
class Entry:
    words: str
    href: str | None
    """Of the field, or of the lines; None: there is no place for it."""
    likewise: str = ""
    """In which other columns it is the same."""


def entries(problem: FitserveError | None, fields: Collection[str]) -> list[Entry]:
    """One entry for what is wrong alike, in reading order; `fields` are those of the form."""
    if not isinstance(problem, InvalidRequest):
        return [] if problem is None else [Entry(problem.detail, None)]
    alike: dict[str, list[Fault]] = {}
    for fault in problem.faults:
        alike.setdefault(fault.msg, []).append(fault)
    found = [_entry(faults, fields) for faults in alike.values()]
    more = problem.total - len(problem.faults)
    if more:
        found.append(Entry(f"and {more:,} more things", None))
    return found


def by_field(faults: Sequence[Fault]) -> dict[str, list[str]]:
    """What is wrong with each field of the form, by its name."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        if fault.loc[:1] == ("query",) and len(fault.loc) > 1:
            found.setdefault(_field(fault), []).append(fault.msg)
        elif fault.loc == ("file",):
            found.setdefault("file", []).append(fault.msg)
    return found


def _entry(faults: Sequence[Fault], fields: Collection[str]) -> Entry:
    first = faults[0]
    others = list(dict.fromkeys(short(_column(one)) for one in faults[1:] if _column(one)))
    if len(others) > NAMED:
        others = [*others[:NAMED], f"{len(others) - NAMED} more"]
    likewise = f"likewise in {listed(others)}" if others else ""
    return Entry(f"{_where(first)}{first.msg}", _href(first, fields), likewise)


def _where(fault: Fault) -> str:
    match fault.loc:
        case ("line", line):
            return f"line {line}: "
        case ("line", line, column):
            return f"{short(str(column))}, line {line}: "
        case ("query", "kinds" | "drop" as name, column):
            return f"{short(str(column))} ({name}): "
        case ("query", "y", *_):
            return "the answer: "
        case ("query", name, *_):
            return f"{name}: "
    return ""


def _href(fault: Fault, fields: Collection[str]) -> str | None:
    match fault.loc:
        case ("line", *_):
            return "#lines"
        case ("file",):
            return "#file"
        case ("query", _, *_) if _field(fault) in fields:
            return f"#f-{_field(fault)}"
        case ("query", *_) | () if fields:
            return "#columns"
    return None


def _field(fault: Fault) -> str:
    name = str(fault.loc[1])
    return _ELSEWHERE.get(name, name)


def _column(fault: Fault) -> str:
    return str(fault.loc[2]) if fault.loc[:1] == ("line",) and len(fault.loc) > 2 else ""
