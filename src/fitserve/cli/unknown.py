"""What to type instead of an option that there is not."""

import re
import shlex
from collections.abc import Collection, Mapping
from typing import Any

import click

from fitserve.cli.options import written
from fitserve.cli.values import NO, YES
from fitserve.cli.words import Line, Typed

_URL = re.compile(r"(base_?)?ur[il]|server(_ur[il])?|address|endpoint|host|port")
_KEY = re.compile(r"(\w*_)?(api|auth|access)?(key|token)|password|bearer")
_OF_SETTINGS = re.compile("[a-zA-Z]|(hyper_?)?param(eter)?s?|kwargs?|args?|options?|settings?")
_OUT = ("o", "out", "output")
_LETTERS = {
    **dict.fromkeys("tm", "model_type"),
    "i": "model_id",
    "f": "file",
    "s": "source",
    "d": "destination",
}
"""Which argument a letter begins, where one lacks."""


def by_a_variable(line: Line, one: Typed) -> str | None:
    """How it is said, if that is by a variable."""
    rest = shlex.join(line.without(one))
    if _KEY.fullmatch(one.name.lower()):  # which is not shown again
        return f"a variable says which key is sent; write FITSERVE_KEY=KEY fitserve {rest}"
    if not _URL.fullmatch(one.name.lower()):
        return None
    url = one.value or "URL"
    if one.name.lower() == "port":
        url = f"http://127.0.0.1:{url}"
    elif one.value and "://" not in url:
        url = f"http://{url}" if ":" in url else f"http://{url}:8000"
    return (
        f"a variable says where the server is; write FITSERVE_URL={shlex.quote(url)} "
        f"fitserve {rest}"
    )


def instead(line: Line, one: Typed) -> str:
    """What to write instead of an option that there is not."""
    from fitserve.data.names import meant

    said = by_a_variable(line, one)
    if said is not None:
        return said
    others = _hyperparameters()
    if "--set" in line.known and (setting := _whole_setting(line, one, others)) is not None:
        return f"write --set {shlex.quote(setting)}"
    if one.name in _OUT:
        whole = shlex.join(line.without(one))
        file = shlex.quote(one.value or "FILE")
        return f"the shell writes it into a file: fitserve {whole} > {file}"
    arguments = [str(argument.name) for argument in line.arguments]
    options = {str(option.name): option for option in line.known.values()}
    known = [*arguments, *options, *others]
    lacking = len(line.places) < line.room

    def named(typed: Typed) -> str | None:
        letter = _LETTERS.get(typed.name) if lacking else None
        if letter in arguments and line.takes(letter, typed.value):
            return letter
        return typed.name if typed.name in known else next(iter(meant(typed.name, known)), None)

    name = named(one)
    if name not in arguments:
        letter = _letter(line, one, options, others if "assigned" in options else {})
        if letter is not None:
            return letter
    if name in arguments:
        values = {named(option): option.value for option in line.options if option.value}
        return _by_place(line, str(name), values)
    if name in options:
        return f"write {_option(options[name], one)}"
    if "assigned" in options:
        return _setting(one, name, others)
    if name is not None:
        return "a hyperparameter is said when a model is registered; leave it out"
    return _elsewhere(line, one)


def _whole_setting(line: Line, one: Typed, others: Collection[str]) -> str | None:
    """The hyperparameter, with its value, that stands behind an option that has another name, or
    behind the letter that it begins with."""
    name, sign, value = (one.value or "").partition("=")
    behind = next((line.words[at] for at in one.behind), "")
    if not sign and name in others and behind:
        return f"{name}={behind}"
    if sign and value and (name in others or _OF_SETTINGS.fullmatch(one.name)):
        return one.value
    glued = one.name[1:]
    if not one.word.startswith("--") and glued in others and one.name not in others and one.value:
        return f"{glued}={one.value}"
    return None


def _by_place(line: Line, name: str, values: Mapping[str | None, str | None]) -> str:
    """How an argument is typed that is no option; `values` are those that were given as such."""
    places = {str(a.name): a.make_metavar(line.ctx) for a in line.arguments}
    words = iter([line.words[at] for at in line.places])
    usage = [values.get(one) or next(words, None) for one in places]
    shown = [
        shlex.quote(one) if one else own for one, own in zip(usage, places.values(), strict=True)
    ]
    path = line.ctx.command_path
    return f"{places[name]} has a place and no name; write {' '.join([path, *shown])}"


def _elsewhere(line: Line, one: Typed) -> str:
    """Which commands have the option, or where those of this one are listed."""
    group = line.ctx.parent.command if line.ctx.parent is not None else None
    commands = group.commands if isinstance(group, click.Group) else {}
    theirs = [name for name, command in commands.items() if one.word in options_of(command)]
    if theirs:
        return f"it belongs to {' and '.join(theirs)}; leave it out"
    return f"`{line.ctx.command_path} --help` lists those there are"


def _letter(
    line: Line, one: Typed, options: Mapping[str, click.Option], others: Collection[str]
) -> str | None:
    """What to write instead of a letter alone; None of more, or one with a meaning of its own."""
    from fitserve.data.names import meant
    from fitserve.models import catalog

    if len(one.name) > 1 or one.name in others or meant(one.name, options):
        return None
    words = [word for word in line.known if word.startswith(f"--{one.name}")]
    may = [word if line.known[word].is_flag else f"{word} {_value(one)}" for word in words]
    of_type = catalog().get(line.words[line.places[0]]) if others and line.places else None
    if of_type is not None:
        may += [written({name: one.value or "VALUE"}) for name in meant(one.name, of_type.names())]
    if len(may) > 1:
        return f"write {', '.join(may[:-1])} or {may[-1]}, whichever is meant"
    return f"write {may[0]}" if may else f"`{line.ctx.command_path} --help` lists those there are"


def _value(one: Typed) -> str:
    return shlex.quote(one.value or "VALUE")


def _setting(one: Typed, name: str | None, others: Mapping[str, Mapping[str, Any]]) -> str:
    """The option as a hyperparameter, of which `name` is what was meant, if that shows."""
    value, off = one.value or "VALUE", one.name.removeprefix("no_")
    if off != one.name and others.get(off, {}).get("type") == "boolean":
        return f"write {written({off: False})}"
    if name is not None and others[name].get("type") == "boolean":
        value = value if value.lower() in (*YES, *NO) else "true"
    setting = written({name or one.name: value})
    return f"write {setting}" if name else f"a hyperparameter goes by {setting}"


def _option(option: click.Option, one: Typed) -> str:
    word = option.opts[0]
    return word if option.is_flag else f"{word} {_value(one)}"


def options_of(command: click.Command) -> dict[str, click.Option]:
    return {
        name: one
        for one in command.params
        if isinstance(one, click.Option)
        for name in (*one.opts, *one.secondary_opts)
    }


def _hyperparameters() -> dict[str, dict[str, Any]]:
    """The schema of each, by all its names, of whatever type it is."""
    from fitserve.models import catalog

    found: dict[str, dict[str, Any]] = {}
    for cls in catalog().values():
        known = cls.schema()["properties"]
        found |= {name: known[cls.aliases.get(name, name)] for name in cls.names()}
    return found
