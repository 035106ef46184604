"""`fitserve predict` and `fitserve evaluate`."""

import csv
import io
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fitserve.cli.asking import asking, raw, sent, told
from fitserve.cli.bodies import CsvFile, JsonFile, Key, opened
from fitserve.cli.members import members
from fitserve.cli.options import AS_JSON, EVALUATING, FILE, ID, PREDICTING, TYPE
from fitserve.cli.progress import Line
from fitserve.cli.tables import pairs, printable, table

if TYPE_CHECKING:
    from fitserve.client import Client

_FORMS = [
    click.Option(["--table", "form"], flag_value="table", help="Write a table, as on a terminal."),
    click.Option(["--csv", "form"], flag_value="csv", help="Write a CSV, as into a file or pipe."),
    click.Option(["--json", "form"], flag_value="json", help="Write the server's answer."),
]
_MOST = 50  # rows that are shown on a terminal, unless a table is asked for
_DELIMITERS = (",", ";", "\t", "|")

Rows = tuple[Sequence[str], list[list[Any]]]
"""Names, and the cells of each row."""


@click.command(
    short_help="Predict for the rows of a file.", params=[TYPE, ID, FILE, *PREDICTING, *_FORMS]
)
@asking
def predict(
    client: "Client",
    model_type: str,
    model_id: int,
    file: str,
    form: str | None,
    **given: Any,
) -> None:
    """Predict for the rows of FILE.

    FILE is a CSV, whose columns may stand in any order, or JSON as POST /predict takes it: a body
    or its features. - is standard input. On a terminal the rows are a table that ends in what is
    predicted for each, elsewhere a CSV.
    """
    body = opened(file)
    request = body.asking(Key(model_type, model_id), members(given))
    as_csv = isinstance(body, CsvFile) and form != "json"
    with Line() as line:
        accept = "text/csv" if as_csv else "application/json"
        answer = sent(client, "/predict", request, line, Accept=accept)
    if form == "json" or (as_csv and not _as_table(form)):
        raw(answer.content)
    elif isinstance(body, JsonFile):
        _write(_of_json(body.rows, told(answer)), form)
    else:
        _write(_of_csv(answer.content.decode(), given["delimiter"]), form)


@click.command(
    short_help="Compare predictions with what is true.",
    params=[TYPE, ID, FILE, *EVALUATING, AS_JSON],
)
@asking
def evaluate(
    client: "Client",
    model_type: str,
    model_id: int,
    file: str,
    as_json: bool,
    **given: Any,
) -> None:
    """Compare what the model predicts for the rows of FILE with what is true.

    That is the column that it learned, unless --target names another; in JSON, y.
    """
    request = opened(file).asking(Key(model_type, model_id), members(given), truth=True)
    with Line() as line:
        answer = sent(client, "/evaluate", request, line)
    found = told(answer, "model_type", "model_id", "n_samples", "metrics")
    raw(answer.content) if as_json else click.echo(_evaluation(found), nl=False)


def _as_table(form: str | None) -> bool:
    return form == "table" or (form is None and sys.stdout.isatty())


def _write(rows: Rows, form: str | None) -> None:
    heads, cells = rows
    if not _as_table(form):
        csv.writer(sys.stdout, lineterminator="\n").writerows([heads, *cells])
        return
    shown = cells if form else cells[:_MOST]
    width = None if form else shutil.get_terminal_size().columns
    last = len(heads) - heads.index("prediction") if "prediction" in heads else 1
    click.echo(table(heads, shown, width, last), nl=False)
    if len(cells) > len(shown):
        more = f"{len(cells) - len(shown):,} more rows; --table shows all, --csv writes them"
        click.echo(more, err=True)


def _of_csv(text: str, delimiter: str | None) -> Rows:
    """The rows of the server's answer, which is written as the file was."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    sign = {"tab": "\t"}.get(delimiter or "", delimiter)
    for one in [sign] if sign else _DELIMITERS:
        rows: list[list[Any]] = [row for row in csv.reader(io.StringIO(text), delimiter=one) if row]
        if "prediction" in rows[0]:
            return rows[0], rows[1:]
        if len(rows[0]) > 1 and len({len(row) for row in rows}) == 1:  # there is no header
            return [str(j) for j in range(len(rows[0]))], rows
    return [""], [[line] for line in text.splitlines()]


def _of_json(features: Any, answer: dict[str, Any]) -> Rows:
    """The rows that were asked about, by name or by number, and what is predicted for each."""
    one = "prediction" in answer
    predicted = [answer["prediction"]] if one else answer["predictions"]
    heads, cells = _asked([features] if one else features, len(predicted))
    rows = [[*row, value] for row, value in zip(cells, predicted, strict=True)]
    heads = [*heads, "prediction"]
    if probabilities := answer.get("probabilities"):
        each = [probabilities] if one else probabilities
        heads += [f"p({label})" for label in each[0]]
        rows = [[*row, *p.values()] for row, p in zip(rows, each, strict=True)]
    return heads, rows


def _asked(features: Any, n: int) -> tuple[list[str], list[list[Any]]]:
    if isinstance(features, dict):
        return list(features), [list(row) for row in zip(*features.values(), strict=True)]
    if isinstance(features[0], dict):
        names = list(features[0])
        return names, [[row.get(name) for name in names] for row in features]
    return ["row"], [[i] for i in range(1, n + 1)]


def _evaluation(told: dict[str, Any]) -> str:
    lines = [f"{told['model_type']} {told['model_id']} on {told['n_samples']:,} rows\n"]
    lines.append(pairs(told["metrics"].items(), indent="  "))
    lines += [f"{printable(one['words'])}\n" for one in told.get("advice", ())]
    if classes := told.get("classes"):
        heads = ["class", *next(iter(classes.values()))]
        lines += ["\n", table(heads, [[label, *of.values()] for label, of in classes.items()])]
    if matrix := told.get("confusion_matrix"):
        labels = list(classes or {})
        rows = [[label, *row] for label, row in zip(labels, matrix, strict=True)]
        lines += ["\n", table(["true, predicted:", *labels], rows)]
    if importance := told.get("importance"):
        rows = [[one["column"], one["mean"], one["std"]] for one in importance]
        lines += ["\n", table(["column", "importance", "±"], rows)]
    return "".join(lines)
