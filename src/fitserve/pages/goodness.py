"""How good a model is, in words: always beside what one gets without a model, and on which rows."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from fitserve.pages.drawing.wording import label, number, per_cent
from fitserve.pages.words import from_centre

FEW = 8  # groups that are counted each
NONE = "–"  # there is nothing that it would be the share of


class ClassLine(NamedTuple):
    label: str
    mark: int
    rows: int
    found: str
    right: str
    f1: str


class Goodness(NamedTuple):
    headline: str | None
    """The one number; None where nobody knows it yet."""
    words: str
    held_out: bool
    """Else it is of rows that the model has seen."""
    facts: list[tuple[str, str]]
    classes: list[ClassLine]
    warning: str | None
    """That it is no better than doing without."""


def goodness(described: Mapping[str, Any], numbers: Mapping[str, Any]) -> Goodness:
    """Of what is told of a model, and of the numbers of its pictures by name."""
    training = described.get("training") or {}
    validation = training.get("validation")
    if described.get("task") not in ("classification", "regression"):
        return _of_rows_alone(described, training, numbers)
    if validation is None or validation["mean"] is None:
        return _unknown(training)
    if training["metric"] == "accuracy":
        return _of_classes(described, training, validation, numbers)
    return _of_numbers(described, training, validation, numbers)


def _unknown(training: Mapping[str, Any]) -> Goodness:
    score, metric = training.get("score"), training.get("metric")
    said = "It was trained without held-out rows."
    if score is not None:
        shown = per_cent(score) if metric == "accuracy" else f"R² {number(score)}"
        said += f" Its score on the rows that it has seen ({shown}) says little."
    return Goodness(None, said, False, [], [], None)


def _of_classes(
    described: Mapping[str, Any],
    training: Mapping[str, Any],
    validation: Mapping[str, Any],
    numbers: Mapping[str, Any],
) -> Goodness:
    strip, confusion = numbers.get("score_strip", {}), numbers.get("confusion", {})
    words = "of the answers were right on rows it had not seen"
    if strip.get("right") is not None:
        words += f": {strip['right']} of {strip['rows']}"
        if not _all_kept(described, validation, strip):
            words += " that were kept"
    always = "the most frequent answer"
    if strip.get("always") is not None:
        always = f"“{label(strip['always'])}”"
    baseline = validation["baseline"]
    facts = _spread(validation, strip, per_cent, " points", 100.0)
    if baseline is not None:
        facts.append((f"Always {always}", f"{per_cent(baseline)}, on the same rows"))
    if training.get("score") is not None:
        said = f"{per_cent(training['score'])}, which flatters: it has seen them"
        facts.append(("On training rows", said))
    lines, balanced = _lines(confusion)
    if balanced is not None:
        facts.append(("Balanced accuracy", f"{per_cent(balanced)}, each class counted alike"))
    warning = None
    if _no_better(validation):
        warning = (
            f"No better than always answering {always}. On held-out rows: "
            f"{per_cent(validation['mean'])} right; always {always}: {per_cent(baseline)}. The "
            "columns may not tell the answer, or the type does not suit them."
        )
    return Goodness(per_cent(validation["mean"]), f"{words}.", True, facts, lines, warning)


def _of_numbers(
    described: Mapping[str, Any],
    training: Mapping[str, Any],
    validation: Mapping[str, Any],
    numbers: Mapping[str, Any],
) -> Goodness:
    strip, errors = numbers.get("score_strip", {}), numbers.get("true_predicted", {})
    target = described.get("target") or "what it predicts"
    headline, words = (
        f"R² {number(validation['mean'])}",
        (
            "of the variance is explained on rows it had not seen; 0 is as good as always "
            "answering the mean, 1 without error."
        ),
    )
    facts = _spread(validation, strip, number, "", 1.0)
    off = _off(errors)
    if off is not None:
        headline = f"± {number(off[0])}"
        words = (
            f"is how far it is off on average, in units of {target}, on rows it had not seen. "
            f"Always answering the mean: ± {number(off[1])}."
        )
        facts.insert(0, ("Share of variance explained (R²)", number(validation["mean"])))
        facts.append(("Half of the rows", f"are off by less than {number(errors['half'])}"))
        facts.append(("Nine of ten", f"are off by less than {number(errors['nine_of_ten'])}"))
    if training.get("score") is not None:
        said = f"R² {number(training['score'])}, which flatters: it has seen them"
        facts.append(("On training rows", said))
    warning = None
    if _no_better(validation):
        warning = (
            "No better than always answering the mean, on held-out rows. The columns may not tell "
            "the answer, or the type does not suit them."
        )
    return Goodness(headline, words, True, facts, [], warning)


def _off(errors: Mapping[str, Any]) -> tuple[float, float] | None:
    """How far a regression is off on average, and how far the mean is; None of no rows."""
    if not errors:
        return None
    true, predicted = errors["true"], errors["predicted"]
    mean = math.fsum(one / len(true) for one in true)
    apart = math.fsum(abs(a - b) / len(true) for a, b in zip(true, predicted, strict=True))
    always = math.fsum(abs(one - mean) / len(true) for one in true)
    return (apart, always) if math.isfinite(apart) and math.isfinite(always) else None


def _of_rows_alone(
    described: Mapping[str, Any], training: Mapping[str, Any], numbers: Mapping[str, Any]
) -> Goodness:
    score, metric = training.get("score"), training.get("metric")
    if score is None:
        return Goodness(None, "There is no score of this model.", False, [], [], None)
    explained = (numbers.get("more_groups") or {}).get("here")
    if metric == "explained_variance_ratio":
        words = "of the variance of the columns is kept by the axes."
        return Goodness(per_cent(score), words, False, [], [], None)
    if metric == "inertia" and explained is not None:
        words = "of the spread is explained by the groups; one group for all: 0 %."
        apart = number(from_centre(score, described["n_samples"]))
        facts = [
            *_groups(numbers),
            ("Rows from their centre", f"{apart} (root of the mean square)"),
            ("Squared distances in all (inertia)", number(score)),
        ]
        return Goodness(per_cent(explained), words, False, facts, [], None)
    if metric == "mean_log_likelihood":
        sure = (numbers.get("groups") or {}).get("sure")
        facts = [*_groups(numbers), ("Mean log-likelihood of a row", number(score))]
        if sure is not None:
            words = "of the rows are at least 80 % sure of their group."
            return Goodness(per_cent(sure), words, False, facts, [], None)
        return Goodness(number(score), "is the mean log-likelihood of a row.", False, [], [], None)
    apart = number(from_centre(score, described["n_samples"]))
    words = "is how far a row lies from the centre of its group (root of the mean square)."
    total = [("Squared distances in all (inertia)", number(score))]
    return Goodness(apart, words, False, total, [], None)


def _groups(numbers: Mapping[str, Any]) -> list[tuple[str, str]]:
    """How many of the rows that were kept are in each group, and between two."""
    found = numbers.get("groups")
    if found is None:
        return []
    sizes = sorted(found["sizes"], reverse=True) if len(found["sizes"]) > FEW else found["sizes"]
    more = f" and {len(sizes) - FEW} smaller ones" if len(sizes) > FEW else ""
    facts = [("Rows in each group", ", ".join(map(str, sizes[:FEW])) + more)]
    if found["sure"] is None and len(sizes) > 1:
        between, rows = len(found["between"]), len(found["points"]["x"])
        said = f"{between} of {rows}: their second centre is hardly farther than their own"
        facts.append(("Rows between two groups", said))
    return facts


def _all_kept(
    described: Mapping[str, Any], validation: Mapping[str, Any], strip: Mapping[str, Any]
) -> bool:
    """Whether all that were held out were kept, so that what is counted of these is all of it."""
    if validation["method"] == "cv":
        return bool(strip["rows"] == described["n_samples"])
    return math.isclose(validation["mean"] * strip["rows"], strip["right"], abs_tol=1e-6)


def _spread(
    validation: Mapping[str, Any], strip: Mapping[str, Any], shown: Any, unit: str, times: float
) -> list[tuple[str, str]]:
    """Between folds; of one holdout the interval."""
    scores = [score for score in validation["scores"] if score is not None]
    if len(scores) > 1:
        said = f"{shown(min(scores))} to {shown(max(scores))}"
        if validation["std"] is not None:
            deviation = number(validation["std"] * times, 2)
            said += f" (standard deviation {deviation}{unit})"
        return [(f"Between the {len(scores)} folds", said)]
    if strip.get("interval") is not None:
        low, high = strip["interval"]
        return [("Of other such rows", f"{shown(low)} to {shown(high)} (95 % interval)")]
    return []


def _no_better(validation: Mapping[str, Any]) -> bool:
    """The lead over doing without is under one deviation between the folds."""
    mean, baseline = validation["mean"], validation["baseline"]
    return baseline is not None and mean - baseline <= (validation["std"] or 0.0)


def _f1(part: int, whole: int) -> str:
    """To three digits, and 1 only where it is."""
    return number(min(part / whole, 0.999) if part < whole else 1.0) if whole else NONE


def _lines(confusion: Mapping[str, Any]) -> tuple[list[ClassLine], float | None]:
    """A line for each class, and the mean of the shares found."""
    matrix = confusion.get("matrix")
    if matrix is None:
        return [], None
    lines, found = [], []
    for j, (name, mark, row) in enumerate(
        zip(confusion["labels"], confusion["marks"], matrix, strict=True)
    ):
        hits, rows, called = row[j], sum(row), sum(other[j] for other in matrix)
        if rows:
            found.append(hits / rows)
        f1 = _f1(2 * hits, rows + called)
        found_, right = (per_cent(hits / of) if of else NONE for of in (rows, called))
        lines.append(ClassLine(label(name), mark, rows, found_, right, f1))
    return lines, sum(found) / len(found) if found else None
