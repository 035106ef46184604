"""What is advised of a training before it begins."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from fitserve.data import doubts, observations, sums
from fitserve.data.arrays import FloatArray, Target
from fitserve.data.columns import Columns
from fitserve.data.dialect import MISSING_WORDS
from fitserve.data.intake import Intake
from fitserve.data.learning import Examined
from fitserve.errors import Advice
from fitserve.evaluation import leaks
from fitserve.evaluation.plan import Plan, classes_of
from fitserve.models.base import Model

Numbers = Sequence[tuple[str, FloatArray]]


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
        *_of_data(model, X, y, found.columns, plan, _of_table(table), _words(table)),
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
    numbers = list(zip(columns.names, X.T, strict=True))
    return [
        *_of_data(model, X, y, columns, plan, numbers, []),
        *_of_hyperparameters(model, X, spelled, given),
    ]


def _of_data(
    model: Model,
    X: FloatArray,
    y: Target | None,
    columns: Columns,
    plan: Plan,
    numbers: Numbers,
    words: Sequence[str],
) -> Iterator[Advice]:
    """Of the matrix, of the numbers it was made of, and of y; `words` mean a gap already."""
    classes = classes_of(model, y)
    target = columns.target or "y"
    if y is not None and classes is None:
        numbers = [*numbers, (target, y.astype(np.float64))]
    gaps = list(doubts.of_gap_numbers(numbers, words, target))
    yield from gaps
    scale = model.scale_matters and not gaps  # which are what spreads
    yield from observations.of_columns(X, columns, of_scale=scale)
    if y is None:
        return
    if model.classes_ is not None and classes is not None:
        labels = model.classes_.tolist()
        yield from doubts.of_gap_labels(labels, words)
        yield from doubts.of_amounts(
            {target: [label for label in labels if isinstance(label, str)]}
        )
        yield from observations.of_classes(labels, classes)
    else:
        yield from observations.of_quantity(y)
    yield from leaks.of_answers(X, y, classes, columns)
    if plan.n_folds:
        yield from leaks.of_copies(X, y, classes)


def _of_hyperparameters(
    model: Model, X: FloatArray, spelled: Mapping[str, str], given: Collection[str]
) -> Iterator[Advice]:
    narrow = observations.of_reach(X, model.drowned, counting=model.counting)
    yield from (one.spelling(spelled) for one in narrow)
    told = model.hyperparameters()
    for one, name in spelled.items():
        if name in model.misread and told[one] is not None:
            beside = {other: told[other] for other in given if other in told and other != one}
            yield Advice(f"{model.misread_words(name, told[one], beside)}.")
    for one, other in model.replaced.items():
        if one in given and told[other] is not None:
            said = f"{other} takes the place of {one}, and both were sent: {one} does nothing here."
            yield Advice(said, {one: None})
    for one, beside_it in model.needing.items():
        if one in given and all(told[other] is None for other in beside_it):
            said = f"{one} does nothing without {', '.join(beside_it)}, and was sent alone."
            yield Advice(said, beside_it)


def _undecided(table: Examined) -> dict[str, Sequence[str]]:
    """The different texts of each category that nobody said to be one."""
    return {
        name: table.table.columns[name].texts
        for name, kind in table.kinds.items()
        if kind == "category" and name not in table.options.kinds
    }


def _of_table(table: Examined) -> Numbers:
    """The columns of numbers, as they were sent."""
    return [
        (name, cells.values)
        for name, cells in table.table.columns.items()
        if table.kinds.get(name) == "number" and cells.codes is None and cells.values is not None
    ]


def _words(table: Examined) -> Sequence[str]:
    """Words that mean a gap, but those that do so without being said where there is none."""
    words = table.options.na_values
    usual = tuple(words) == MISSING_WORDS
    return [] if usual and not table.left_out and not any(table.gaps.values()) else words
