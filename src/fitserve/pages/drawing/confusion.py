"""Confusion matrix: rows are what is true, columns what was predicted."""

import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fitserve.pages.drawing import html
from fitserve.pages.drawing.marks import key
from fitserve.pages.drawing.picture import HELD_OUT, Picture
from fitserve.pages.drawing.wording import label, per_cent, short

DEPTHS = 5
NAME = 18  # characters of a class


def drawing(_description: Mapping[str, Any], numbers: Mapping[str, Any]) -> Picture:
    finding = numbers["finding"]
    right, of = numbers["n_right"], numbers["n_rows"]
    if finding is not None:
        is_, taken_for = label(finding["is"]), label(finding["taken_for"])
        title = f"{short(is_)} is taken for {short(taken_for)}"
        said = f"{finding['rows']} of {finding['of']} rows of {is_} were called {taken_for}. "
    else:
        title = "No answer was wrong" if right == of else "Where it errs"
        said = f"{right} of {of} answers were right. "
    if "worst" in numbers:
        return Picture("confusion", title, _list(numbers), said + _many(numbers), of=HELD_OUT)
    how = "Blue: right; orange: wrong; the deeper, the larger the share of its line."
    wide = len(numbers["labels"]) > 6
    return Picture("confusion", title, _matrix(numbers), said + how, wide, HELD_OUT)


def _matrix(numbers: Mapping[str, Any]) -> Markup:
    labels = [label(one) for one in numbers["labels"]]
    matrix, marks = numbers["matrix"], numbers["marks"]
    marked = len(set(marks)) == len(labels)  # where some share one, it would mean nothing

    def name(k: int) -> Markup | str:
        shown = html.named(labels[k], NAME)
        return key(marks[k], shown) if marked else shown

    head = [
        [html.cell(""), Markup('<th colspan="{}">predicted as</th>').format(len(labels)),
         html.cell("")],
        [html.heading("is"), *(html.heading(name(k)) for k in range(len(labels))),
         html.heading("found", "sum")],
    ]  # fmt: skip
    body = []
    for k, row in enumerate(matrix):
        total = sum(row)
        cells = [_cell(count, total, k == j) for j, count in enumerate(row)]
        found = html.cell(f"{row[k]} of {total}", "sum")
        body.append([html.heading(name(k), scope="row"), *cells, found])
    said = []
    for j in range(len(labels)):
        called = sum(row[j] for row in matrix)
        said.append(html.cell(per_cent(matrix[j][j] / called) if called else "never", "sum"))
    foot = [[html.heading("right when it says so", "sum", "row"), *said, html.cell("")]]
    return html.table("conf", "Confusion matrix", head, body, foot)


def _cell(count: int, total: int, right: bool) -> Markup:
    share = count / total if total else 0.0
    css = f"{'good' if right else 'bad'}{math.ceil(share * DEPTHS)}"
    many = Markup("<b>{}</b> <small>{}</small>").format(count, per_cent(share))
    return html.cell(many if count else Markup("<b>0</b>"), css)


def _list(numbers: Mapping[str, Any]) -> Markup:
    head = [
        [html.heading("is"), html.heading("taken for"), html.heading("rows", "r"),
         html.heading("share", "r")]
    ]  # fmt: skip
    body = [
        [
            html.heading(html.named(label(pair["is"])), scope="row"),
            html.cell(html.named(label(pair["taken_for"]))),
            html.cell(f"{pair['rows']} of {pair['of']}", "r"),
            html.cell(per_cent(pair["rows"] / pair["of"]), "r"),
        ]
        for pair in numbers["worst"]
    ]
    return html.table("plain tight", "The pairs that are taken for each other most", head, body)


def _many(numbers: Mapping[str, Any]) -> str:
    pairs, classes = len(numbers["worst"]), numbers["n_classes"]
    return f"Of {classes} classes, the {pairs} pairs that were mistaken most often."
