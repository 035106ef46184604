"""What is advised of a training before it begins."""

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fitserve.data import doubts, observations, sums
from fitserve.data.arrays import FloatArray, Target
from fitserve.data.columns import Columns
from fitserve.data.dialect import MISSING_WORDS
from fitserve.data.intake import Intake
from fitserve.data.learning import Examined
from fitserve.data.outliers import Numbers, Outlier, in_list, of_outliers, outliers
from fitserve.errors import Advice
from fitserve.evaluation import leaks
from fitserve.evaluation.plan import Plan, classes_of
from fitserve.models.base import Model


def of_table(
    model: Model, found: Intake, plan: Plan, spelled: Mapping[str, str], given: Collection[str]
) -> list[Advice]:
    """What is advised of a table, and of a training that was examined, of the hyperparameters that
    were given and the names that the caller used."""
    table, X, y = found.table, found.X, found.y
    return [
        *observations.of_rows(table),
        *observations.of_unseen(table.table),
        *observations.of_na_values(table, table.options.na_values),
        *sums.of_sums(table, y),
        *doubts.of_amounts(_undecided(table)),
        *doubts.of_categories(found.columns.encoders, len(X)),
        *doubts.of_gap_categories(
            (one for one in found.columns.encoders if one.name not in table.options.kinds),
            _words(table),
        ),
        *_of_data(model, X, y, found.columns, plan, table),
        *_of_hyperparameters(model, X, spelled, given),
    ]


def of_matrix(
    model: Model,
    X: FloatArray,
    y: Target | None,
    columns: Columns,
    plan: Plan,
    spelled: Mapping[str, str],
    given: Collection[str],
) -> list[Advice]:
    """The same of rows of numbers, whose columns are these."""
    return [
        *_of_data(model, X, y, columns, plan),
        *_of_hyperparameters(model, X, spelled, given),
    ]


def _of_data(
    model: Model,
    X: FloatArray,
    y: Target | None,
    columns: Columns,
    plan: Plan,
    table: Examined | None = None,
) -> Iterator[Advice]:
    """Of the matrix, of the numbers it was made of, and of y; of the table that it was, if any."""
    numbers = _of_rows(X, columns) if table is None else _of_table(table)
    words = [] if table is None else _words(table)
    classes = classes_of(model, y)
    target = columns.target or "y"
    yield from doubts.of_quoted_names([*columns.names, target])
    of_y = [] if y is None or classes is not None else [Numbers(target, y.astype(np.float64))]
    gaps = doubts.gap_numbers([*numbers, *of_y])
    yield from doubts.of_gap_numbers(gaps, words, target)
    in_X = [] if model.by_order else _outliers(numbers, gaps)
    in_y = _outliers(of_y, gaps)
    filling = table is not None and table.options.missing == "impute" and not in_y
    yield from of_outliers([*in_X, *in_y], _at(table), words, filling=filling)
    apart = observations.APART if model.scale_matters else model.swamped
    apart = np.inf if gaps or in_X else apart  # either is what spreads
    yield from observations.of_columns(X, columns, apart=apart)
    if y is None:
        return
    if model.classes_ is not None and classes is not None:
        labels = model.classes_.tolist()
        yield from doubts.of_gap_labels(labels, np.bincount(classes).tolist(), words)
        texts = [label for label in labels if isinstance(label, str)]
        yield from doubts.of_amounts({target: texts})
        yield from doubts.of_quotes(target, texts)
        yield from observations.of_classes(labels, classes)
    else:
        yield from observations.of_quantity(y)
    yield from leaks.of_answers(X, y, classes, columns)
    if plan.n_folds:
        yield from leaks.of_copies(X, y, classes)


def _of_hyperparameters(
    model: Model, X: FloatArray, spelled: Mapping[str, str], given: Collection[str]
) -> Iterator[Advice]:
    told = model.hyperparameters()
    yield from (one.spelling(spelled) for one in _of_reach(model, X, told))
    for one, name in spelled.items():
        if name in model.misread and told[one] is not None:
            beside = {other: told[other] for other in given if other in told and other != one}
            yield Advice(f"{model.misread_words(name, told[one], beside)}.")
    ours = {next((one for one, name in spelled.items() if name == it), it) for it in given}
    yield from (one.spelling(spelled) for one in model.idle(ours))


def _of_reach(model: Model, X: FloatArray, told: Mapping[str, Any]) -> Iterator[Advice]:
    """What keeps columns from telling anything: hyperparameters, or how far all of them reach."""
    reach = observations.reach(X)
    if not reach > 0.0:
        return
    blamed, usual = model.drowning(reach)
    for name, default in blamed.items():
        said = name if isinstance(told[name], list) else f"{name} {told[name]:g}"
        for_ = "" if default is None else f", for {default:g}"
        yield Advice(
            f"{said} lets the columns tell next to nothing, even on one scale; leave {name} "
            f"out{for_}.",
            {name: None},
        )
    drowned = usual.drowned(reach)
    why = None if drowned is None else drowned.why
    yield from observations.of_reach(reach, why, counting=model.counting)


def _undecided(table: Examined) -> dict[str, Sequence[str]]:
    """The different texts of each category that nobody said to be one."""
    return {
        name: table.table.columns[name].texts
        for name, kind in table.kinds.items()
        if kind == "category" and name not in table.options.kinds
    }


def _of_table(table: Examined) -> list[Numbers]:
    """The columns of numbers, as they were sent."""
    return [
        Numbers(name, cells.values)
        for name, cells in table.table.columns.items()
        if table.kinds.get(name) == "number" and cells.codes is None and cells.values is not None
    ]


def _of_rows(X: FloatArray, columns: Columns) -> list[Numbers]:
    return [Numbers(name, values) for name, values in zip(columns.names, X.T, strict=True)]


def _outliers(numbers: Sequence[Numbers], told: Container[str]) -> list[Outlier]:
    """Those of columns of which nothing is told yet."""
    return [one for column in numbers if column.name not in told for one in outliers(column)]


def _at(table: Examined | None) -> Callable[[int], str]:
    """Where a row stands, as its sender counts."""
    if table is None:
        return in_list
    numbered, in_csv = table.table.numbered, table.table.in_csv
    return lambda row: f"line {numbered(row)}" if in_csv else in_list(numbered(row))


def _words(table: Examined) -> Sequence[str]:
    """Words that mean a gap, but those that do so without being said where there is none."""
    words = table.options.na_values
    usual = tuple(words) == MISSING_WORDS
    return [] if usual and not table.left_out and not any(table.gaps.values()) else words
