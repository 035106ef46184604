"""`fitserve predict` and `fitserve evaluate`."""

import csv
import io
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from fitserve.cli import shapes
from fitserve.cli.asking import asking, foreign, raw, sent, told
from fitserve.cli.bodies import CsvFile, Key, opened
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
_FIGURES = ("precision", "recall", "f1", "support")
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
    from fitserve.client.requests import text_of
    from fitserve.client.shapes import PREDICTED, PROBABLE

    body = opened(file)
    request = body.asking(Key(model_type, model_id), members(given))
    as_csv = isinstance(body, CsvFile) and form != "json"
    with Line() as line:
        accept = "text/csv" if as_csv else "application/json"
        answer = sent(client, "/predict", request, line, Accept=accept)
    if as_csv:
        text = text_of(answer)
        if _as_table(form):
            _write(_of_csv(text, given["delimiter"]), form)
        else:
            raw(answer.content)
        return
    found = told(answer, PROBABLE if given["probabilities"] else PREDICTED)
    if isinstance(body, CsvFile) or form == "json":
        raw(answer.content)
    else:
        _write(_of_json(body.rows, found), form)


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
    found = told(answer, shapes.EVALUATION)
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
        try:
            rows: list[list[Any]] = [
                row for row in csv.reader(io.StringIO(text), delimiter=one) if row
            ]
        except csv.Error:
            continue
        if len({len(row) for row in rows}) != 1:
            continue
        if "prediction" in rows[0]:
            return rows[0], rows[1:]
        if len(rows[0]) > 1:  # there is no header
            return [str(j) for j in range(len(rows[0]))], rows
    return [""], [[line] for line in text.splitlines()]


def _of_json(features: Any, answer: dict[str, Any]) -> Rows:
    """The rows that were asked about, by name or by number, and what is predicted for each."""
    one = "prediction" in answer
    predicted = [answer["prediction"]] if one else answer["predictions"]
    heads, cells = _asked([features] if one else features, len(predicted))
    probabilities = answer.get("probabilities") or []
    each = [probabilities] if isinstance(probabilities, dict) else probabilities
    if len(cells) != len(predicted) or (each and len(each) != len(predicted)):
        raise foreign(answer)
    rows = [[*row, value] for row, value in zip(cells, predicted, strict=True)]
    heads = [*heads, "prediction"]
    if each:
        heads += [f"p({label})" for label in each[0]]
        rows = [
            [*row, *(p.get(label) for label in each[0])] for row, p in zip(rows, each, strict=True)
        ]
    return heads, rows


def _asked(features: Any, n: int) -> tuple[list[str], list[list[Any]]]:
    if isinstance(features, dict):
        return list(features), [list(row) for row in zip(*features.values(), strict=False)]
    if features and all(isinstance(row, dict) for row in features):
        names = list(features[0])
        return names, [[row.get(name) for name in names] for row in features]
    return ["row"], [[i] for i in range(1, n + 1)]


def _evaluation(told: dict[str, Any]) -> str:
    lines = [f"{told['model_type']} {told['model_id']} on {told['n_samples']:,} rows\n"]
    lines.append(pairs(told["metrics"].items(), indent="  "))
    lines += [f"{printable(one['words'])}\n" for one in told.get("advice", ())]
    classes = told.get("classes") or {}
    if classes:
        rows = [[label, *map(of.get, _FIGURES)] for label, of in classes.items()]
        lines += ["\n", table(["class", *_FIGURES], rows)]
    if matrix := told.get("confusion_matrix"):
        if [len(row) for row in matrix] != [len(classes)] * len(classes):
            raise foreign(told)
        rows = [[label, *row] for label, row in zip(classes, matrix, strict=True)]
        lines += ["\n", table(["true, predicted:", *classes], rows)]
    if importance := told.get("importance"):
        rows = [[one["column"], one["mean"], one["std"]] for one in importance]
        lines += ["\n", table(["column", "importance", "±"], rows)]
    return "".join(lines)
