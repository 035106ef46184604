"""What was meant by a command line that click refused, and how that is typed."""

import os
import re
import shlex
from collections.abc import Iterator, Sequence

import click

from fitserve.cli.options import FILE
from fitserve.cli.twice import told_twice
from fitserve.cli.unknown import by_a_variable, instead, options_of
from fitserve.cli.values import misplaced
from fitserve.cli.words import Line

_CALLED = {
    "register": "train|fit|learn|create|add",
    "predict": "infer|ask|apply",
    "evaluate": "score|test|validate",
    "list": "models|ls",
    "show": "describe|info|get|status|model",
    "delete": "remove|rm|cancel",
    "serve": "start|run|server",
}
"""What others call the commands."""


def mended(error: click.UsageError, group: click.Group, words: Sequence[str]) -> click.UsageError:
    """The error, or what to type instead where the words show what was meant."""
    ctx = error.ctx or _context(group, words)  # click does not say whose each option is
    if ctx.command.context_settings.get("ignore_unknown_options"):  # which are another program's
        return error
    line = Line(ctx, words)
    said = _before(line, group) if ctx.command is group else _of_a_command(line)
    told = "\n       ".join(said) or _rows(line, error) or _value(error) or _lacking(line, error)
    return click.UsageError(told, ctx) if told else error


def refuse_misread(group: click.Group, words: Sequence[str]) -> None:
    """Refuse what click takes otherwise than it was meant, without a word: an option without its
    value, for which it takes the next option, and one that is given twice."""
    ctx = _context(group, words)
    line = Line(ctx, words)
    said = [] if ctx.command is group else list(_without_value(line)) or list(told_twice(line))
    if said:
        raise click.UsageError("\n       ".join(said), ctx)


def _without_value(line: Line) -> Iterator[str]:
    for one in line.options:
        behind = line.words[one.at + 1 : one.at + 2]
        if one.option is None or one.option.is_flag or one.value is not None or not behind:
            continue
        said = f"{one.word} was given no value, {behind[0]} is the next option; write "
        said += " or ".join(f"{one.word} {such}" for such in _such(one.option))
        if isinstance(one.option.type, click.types.StringParamType):
            meant = shlex.quote(f"{one.word}={behind[0]}")
            said += f", or {meant} if that is the value" if one.word != "--set" else ""
        yield f"{said}, or leave {one.word} out"


def _such(option: click.Option) -> list[str]:
    """What may stand behind an option."""
    if isinstance(option.type, click.Choice):
        return [one for one in option.type.choices if one not in ("error", ".")]
    return [_VALUES.get(option.opts[0], "VALUE")]


def _exchanged(line: Line) -> Iterator[str]:
    """How it is typed, where the ID stands before the TYPE."""
    from fitserve.models import catalog

    typed = [line.words[at] for at in line.places]
    takes = len(line.arguments) > 1 and line.arguments[0].name == "model_type"
    if takes and len(typed) > 1 and typed[0].isdigit() and typed[1] in catalog():
        right = [typed[1], typed[0], *typed[2:], *_options(line)]
        yield f"TYPE stands before ID; write {_typed(line, right)}"


def _file_before(line: Line) -> Iterator[str]:
    """How it is typed, where the file stands before what it stands behind."""
    typed = [line.words[at] for at in line.places]
    files = [word for word in typed if os.path.isfile(word)]
    rest = [word for word in typed if word not in files]
    ids = [word for word in rest if word.isdigit()]
    names = [word for word in rest if word not in ids]
    takes = [one.name for one in line.arguments] == ["model_type", "model_id", "file"]
    if not takes or len(files) != 1 or len(ids) > 1 or len(names) > 1 or typed[2:] == files:
        return
    right = [*(names or ["knn"]), *(ids or ["1"]), *files, *_options(line), *_target(line, names)]
    yield f"{files[0]} is a file; TYPE and ID stand before it; write {_typed(line, right)}"


def _rows(line: Line, error: click.UsageError) -> str | None:
    """How rows are given, or a file of the web, that stand in the place of a file."""
    of = error.param if isinstance(error, click.BadParameter) else None
    typed = [line.words[at] for at in line.places][2:]
    if not line.arguments or line.arguments[-1].name != "file" or of not in (None, FILE):
        return None
    text = " ".join(typed)
    before = [line.words[at] for at in line.places[:2]]
    asked = _typed(line, [*before, "-", *_options(line)])
    if len(typed) == 1 and _WEB.match(text):
        said = "FILE is a file of this machine, or - for standard input"
        return f"{said}; write curl -sL {shlex.quote(text)} | {asked}"
    if not typed or os.path.exists(typed[0]):
        return None
    if (text[0], text[-1]) not in (("[", "]"), ("{", "}")):
        cells = re.split(r"[,;\s]+", text)
        if not all(map(_NUMBER.fullmatch, cells)):
            return None
        text = f"[{', '.join(cells)}]"
    return f"FILE is a file, or - for standard input; write echo {shlex.quote(text)} | {asked}"


def _options(line: Line) -> list[str]:
    """The words of the command that are options, or their values."""
    return [word for one in line.options for word in line.words[line.of(one)]]


def _target(line: Line, typed: Sequence[str]) -> list[str]:
    """The option that names what to learn, where the TYPE, the first typed, needs and lacks it."""
    from fitserve.models import catalog

    model = catalog().get(typed[0]) if typed else None
    named = any(one.option is not None and one.option.name == "target" for one in line.options)
    needed = line.ctx.command.name == "register" and (model is None or model.supervised())
    return ["--target", "COLUMN"] if needed and not named else []


def _typed(line: Line, words: Sequence[str]) -> str:
    return f"{line.ctx.command_path} {shlex.join(words)}"


_WEB = re.compile(r"(?i)(https?|ftp)://")
_NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_PLAIN = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_PERCENT = re.compile(r"\s*(\d+(?:[.,]\d*)?)\s*%\s*")
_DECIMAL = re.compile(r"\s*(\d*),(\d+)\s*")


def _value(error: click.UsageError) -> str | None:
    """Which choice was meant that is called otherwise; or of a number, how it is written."""
    of = error.param if isinstance(error, click.BadParameter) else None
    found = re.match(r"'(.*)' is not one of ", error.message)
    if of is None or found is None or not isinstance(of.type, click.Choice):
        return _number(error)
    from fitserve.data.names import chosen

    choices = list(map(str, of.type.choices))
    for one in chosen(found[1], choices):
        takes = f"{of.opts[0]} takes {', '.join(choices[:-1])} or {choices[-1]}"
        return f"{takes}, not {found[1]!r}; write {of.opts[0]} {one}"
    return None


def _number(error: click.UsageError) -> str | None:
    """How a number is written that was not understood as one."""
    if isinstance(error, click.NoSuchOption) and re.fullmatch(r"-\d", error.option_name):
        return "ID is a whole number from 0; one below 0 is none; write one, such as 1"
    if not isinstance(error, click.BadParameter) or error.param is None:
        return None
    found = re.match(r"'(.*)' is not a valid (?:float|integer)", error.message)
    if found is None:
        return None
    typed, option = found[1], error.param.opts[0]
    if percent := _PERCENT.fullmatch(typed):
        share = float(percent[1].replace(",", ".")) / 100
        if option == "--cv":
            return f"--cv takes a number of folds; a share is held out by --holdout {share:g}"
        return f"{option} takes a share, not {typed!r}; write {option} {share:g}"
    if decimal := _DECIMAL.fullmatch(typed):
        return f"The decimal sign is a point; write {option} {decimal[1] or 0}.{decimal[2]}"
    what, such = _NUMBERS.get(option, ("a number", "N"))
    share = float(typed) if _PLAIN.fullmatch(typed) else 0.0
    if 1 <= share < 1e6 and share.is_integer() and option != "--holdout":
        return f"{option} takes {what}, not {typed!r}; write {option} {share:.0f}"
    said = f"{option} takes {what}, not {typed!r}; write one, as in {option} {such}"
    if option == "--cv" and 0 < share < 1:
        said += f", or for a share of the rows --holdout {share:g}"
    return said


_NUMBERS = {
    "--cv": ("a number of folds, 2 to 20", "5"),
    "--holdout": ("a share of the rows between 0 and 1", "0.2"),
    "--max-categories": ("a whole number", "100"),
    "--max-words": ("a whole number", "100"),
    "--sample": ("a whole number of rows", "200"),
    "--repeats": ("a whole number", "5"),
}
"""What options take that are numbers, and one such."""
_VALUES = {
    "--target": "COLUMN",
    "--kinds": "COLUMN:KIND",
    "--drop": "COLUMN",
    "--delimiter": "';'",
    "--na-values": "'?'",
    "--set": "NAME=VALUE",
    "--host": "127.0.0.1",
    "--port": "8000",
    "--workers": "2",
} | {option: such for option, (_, such) in _NUMBERS.items()}
"""What may stand behind an option, and is no choice."""
_ARGUMENTS = {
    "model_type": "knn",
    "model_id": "1",
    "model_ids": "1",
    "file": "FILE.csv",
    "source": "sqlite:///fitserve.sqlite3",
    "destination": "postgresql://user:password@HOST/database",
}
"""What may be an argument."""


def _lacking(line: Line, error: click.UsageError) -> str | None:
    """The whole line, where an argument lacks, or the option with what may stand behind it."""
    if isinstance(error, click.BadOptionUsage):
        option = line.known.get(error.option_name)
        if option is None or option.is_flag or "requires an argument" not in error.message:
            return None
        such = [f"{option.opts[0]} {one}" for one in _such(option)]
        return f"{error.message} Write {' or '.join(such)}"
    if not isinstance(error, click.MissingParameter) or error.param not in line.arguments:
        return None
    typed = [line.words[at] for at in line.places]
    names = [str(one.name) for one in line.arguments]
    if len(typed) >= len(names) or any(name not in _ARGUMENTS for name in names):
        return None
    right = [*typed, *(_ARGUMENTS[name] for name in names[len(typed) :]), *_options(line)]
    right += _target(line, right)
    which = [one.make_metavar(line.ctx).rstrip(".") for one in line.arguments[len(typed) :]]
    said = f"{' and '.join(which)} {'lacks' if len(which) == 1 else 'lack'}"
    said += f"; write {_typed(line, right)}"
    if "ID" in which and line.ctx.command.name != "register":
        of = right[0] if typed else "TYPE"
        said += f"; fitserve list {of} shows the ids there are"
    return said


def _context(group: click.Group, words: Sequence[str]) -> click.Context:
    """That of the command that is named."""
    ctx = click.Context(group, info_name="fitserve")
    name = next((word for word in words if word in group.commands), None)
    return ctx if name is None else click.Context(group.commands[name], ctx, name)


def _before(line: Line, group: click.Group) -> Iterator[str]:
    """What stands before the name of a command, or in its place."""
    name = next((word for word in line.words if word in group.commands), None)
    known = {} if name is None else options_of(group.commands[name])
    for one in line.options:
        if one.option is None and one.word in known:
            moved = shlex.join([*line.without(one), *line.words[line.of(one)]])
            yield f"{one.word} stands behind the command; write fitserve {moved}"
        elif one.option is None and (said := by_a_variable(line, one)) is not None:
            yield f"There is no option {one.word}; {said}"
    if name is None and not line.options and line.places:
        typed = line.words[line.places[0]]
        for ours, theirs in _CALLED.items():
            if re.fullmatch(theirs, typed.lower()):
                rest = shlex.join(line.words[line.places[0] + 1 :])
                yield f"There is no command {typed}; write {f'fitserve {ours} {rest}'.rstrip()}"


def _of_a_command(line: Line) -> Iterator[str]:
    for one in line.options:
        if one.option is None:
            yield f"There is no option {one.word}; {instead(line, one)}"
    if lacking := list(_without_value(line)):
        yield from lacking
        return
    if all(one.option is not None for one in line.options):
        yield from list(_file_before(line)) or _exchanged(line)
    yield from misplaced(line)
    if line.ctx.command.name == "list" and len(line.places) == 2:
        key = shlex.join(line.words[at] for at in line.places)
        yield f"list takes a TYPE alone; a model is told by fitserve show {key}"
