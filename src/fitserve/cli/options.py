"""The options of commands, and how members of a request are written as such."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import click

from fitserve.cli import completion
from fitserve.cli.members import DATA


class ModelId(click.IntRange):
    """A number by which a model is known."""

    def __init__(self) -> None:
        super().__init__(0, 2**53 - 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            from fitserve.data.numerals import whole

            near = whole(str(value)[:80])
            said = f"a whole number from 0 to 2^53 - 1 is needed, not {value!r}"
            mend = "one, such as 1" if near is None else near
            self.fail(f"{said}; write {mend}", param, ctx)


class _File(click.Path):
    """A file that is there, or standard input."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, allow_dash=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            from fitserve.errors import blanks_around

            if blanks := blanks_around(str(value)):
                said = f"there is no file {value!r}; its name {blanks}"
                self.fail(f"{said}; write {shlex.quote(str(value).strip())}", param, ctx)
            if meant := _meant(str(value)):
                self.fail(meant, param, ctx)
            raise


def _meant(typed: str) -> str | None:
    """How a file's name is typed that was written as for curl, as a URL or in quotes of its own."""
    from fitserve.data.files import named

    found = named(typed)
    if found is not None and found.name.startswith("~/"):
        return f"a shell knows ~ outside of quotes alone; write ~/{shlex.quote(found.name[2:])}"
    if found is None or found.name == typed:
        return None
    wrong = "leave the @ out, which is for curl" if found.at else f"there is no file {typed!r}"
    return f"{wrong}; write {shlex.quote(found.name)}"


TYPE = click.Argument(["model_type"], metavar="TYPE", shell_complete=completion.types)
ID = click.Argument(
    ["model_id"],
    metavar="ID",
    type=ModelId(),
    shell_complete=completion.ids,
)
FILE = click.Argument(["file"], type=_File())
AS_JSON = click.Option(
    ["--json", "as_json"], is_flag=True, help="Write the server's answer as it is, for programs."
)

_HEADER = click.Option(
    ["--header/--no-header"],
    default=None,
    help="Whether the first line names the columns; without one they are 0, 1, ...",
)
_FILE: Sequence[click.Parameter] = (
    click.Option(["--delimiter"], metavar="SIGN", help="What stands between cells; tab is a tab."),
    click.Option(["--decimal"], type=click.Choice([".", ","]), help="The decimal sign."),
    _HEADER,
    click.Option(
        ["--na-values"],
        multiple=True,
        metavar="WORD,...",
        help="Cells that count as empty, in place of NA, N/A, #N/A, NaN, nan, null, NULL.",
    ),
)
_COLUMNS: Sequence[click.Parameter] = (
    click.Option(
        ["--target"],
        metavar="COLUMN",
        help="The column to learn.",
        shell_complete=completion.columns,
    ),
    click.Option(
        ["--kinds"],
        multiple=True,
        metavar="COLUMN:KIND,...",
        help="What columns are: number, category or text.",
    ),
    click.Option(
        ["--drop"],
        multiple=True,
        metavar="COLUMN,...",
        help="Columns to leave out.",
        shell_complete=completion.columns,
    ),
    click.Option(
        ["--missing"],
        type=click.Choice(["error", "impute", "drop"]),
        help="What becomes of empty cells: an error, the column's median or most frequent value, "
        "or the row is left out.",
    ),
    click.Option(
        ["--unknown"],
        type=click.Choice(["error", "ignore"]),
        help="What becomes, when predicting, of a category that was not there in training.",
    ),
    click.Option(
        ["--categories"],
        type=click.Choice(["onehot", "error"]),
        help="Whether columns of text become a column for each value, or are refused.",
    ),
    click.Option(["--max-categories"], type=int, metavar="N", help="Most values of a category."),
    click.Option(["--max-words"], type=int, metavar="N", help="Most words counted of a text."),
    click.Option(
        ["--standardize"], is_flag=True, default=None, help="Bring number columns to one scale."
    ),
)
_VALIDATION: Sequence[click.Parameter] = (
    click.Option(["--cv"], type=int, metavar="FOLDS", help="Cross-validate in so many folds."),
    click.Option(
        ["--holdout"], type=float, metavar="SHARE", help="Validate on a share of the rows."
    ),
    click.Option(
        ["--importance"],
        is_flag=True,
        default=None,
        help="Tell by how much the score falls when a column is shuffled.",
    ),
)
_SET = click.Option(
    ["--set", "assigned"],
    multiple=True,
    shell_complete=completion.hyperparameters,
    metavar="NAME=VALUE",
    help="A hyperparameter, such as n_neighbors=3; `fitserve types TYPE` lists them.",
)
_SAMPLE = click.Option(
    ["--sample"], type=int, metavar="N", help="Rows kept with the model, to draw pictures from."
)
_PROBABILITIES = click.Option(
    ["--probabilities"], is_flag=True, default=None, help="Tell the probability of each class."
)
_REPEATS = click.Option(
    ["--repeats"], type=int, metavar="N", help="How often each column is shuffled."
)

REGISTERING = (_SET, *_COLUMNS, *_FILE, *_VALIDATION, _SAMPLE)
PREDICTING = (_PROBABILITIES, *_FILE)
EVALUATING = (_COLUMNS[0], _VALIDATION[-1], _REPEATS, *_FILE)


SWITCHES = {
    ("standardize", True): "--standardize",
    ("importance", True): "--importance",
    ("probabilities", True): "--probabilities",
    ("header", True): "--header",
    ("header", False): "--no-header",
}
NAMES = frozenset(option.name for option in (*REGISTERING, *PREDICTING, *EVALUATING)) - {"assigned"}
"""Members of a request that have an option of their own; others go by --set."""
ELSEWHERE = {"model_type": "TYPE", "model_id": "ID", **{name: name for name in DATA}}
SIGNS = {"\t": "tab"}


def place(name: str) -> str:
    """How a person gives the member of this name."""
    if name in NAMES:
        return "--" + name.replace("_", "-")
    return ELSEWHERE.get(name, f"--set {name}")


def written(add: Mapping[str, Any]) -> str:
    """Members as options, as they are typed into a shell; those that are null are left out."""
    return " ".join(_written(name, value) for name, value in add.items() if value is not None)


def _written(name: str, value: Any) -> str:
    if name == "model_type":
        return f"TYPE {value}"
    if (name, value) in ((n, v) for n, v in SWITCHES):
        return SWITCHES[name, value]
    text = _text(name, value)
    if name in NAMES:
        return f"{place(name)} {shlex.quote(text)}"
    return f"--set {shlex.quote(f'{name}={text}')}"


def _text(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        if any("," in part for part in value):
            return json.dumps(value, ensure_ascii=False)
        return ",".join(f"{column}:{kind}" for column, kind in value.items())
    if isinstance(value, list):
        plain = all(isinstance(part, str) and "," not in part for part in value)
        return ",".join(value) if plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return SIGNS.get(value, value) if name == "delimiter" else value
    return json.dumps(value)
