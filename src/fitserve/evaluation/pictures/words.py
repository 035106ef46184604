"""Words that speak for a class: what text decides."""

from typing import Any

import numpy as np

from fitserve.data.arrays import FloatArray
from fitserve.evaluation.pictures.cells import table_columns
from fitserve.evaluation.pictures.rounding import rounded
from fitserve.evaluation.pictures.shown import shown
from fitserve.evaluation.pictures.subject import Subject

MOST = 6
RARE = 5
"""What is counted fewer times in all kept rows is left out: its ratio is mostly chance."""


def picture(subject: Subject) -> dict[str, Any] | None:
    """For each class the words, or columns of counts, with the largest value, six at most:
    `measure` says of what. `ratio`: how many times as often as in the other classes; `weight`: what
    one more adds to the score of the class. Of two linear classes one speaks against what the
    other speaks for. `rare`: below which count words were left out; null where nothing is known.
    """
    known = vars(subject.model)
    at, names = _words(subject)
    if not at or (subject.model.classes_ is None):
        return None
    if "feature_log_prob_" in known:
        values, measure = _ratios(known["feature_log_prob_"], known["class_log_prior_"]), "ratio"
    elif "coef_" in known and any(column.is_text for column in table_columns(subject)):
        coef = known["coef_"]
        values, measure = (np.vstack([-coef, coef]) if len(coef) == 1 else coef), "weight"
    else:
        return None
    counted = None if subject.sample is None else subject.sample.X[:, at].sum(axis=0)
    if counted is not None and (counted >= RARE).sum() < 2 * MOST:
        counted = None  # of so few texts that all words are rare
    of = shown(subject)
    least = 1.0 if measure == "ratio" else 0.0
    classes = []
    for k in range(len(subject.labels)):
        if of.of[k] >= len(of.labels):
            continue
        mine = values[k, at]
        order = np.argsort(-mine, kind="stable")
        if counted is not None:
            order = order[counted[order] >= RARE]
        best = [j for j in order[:MOST].tolist() if mine[j] > least]
        classes.append([{"word": names[j], "value": rounded(mine[j])} for j in best])
    return of.told() | {
        "measure": measure,
        "classes": classes,
        "rare": None if counted is None else RARE,
        "of_text": any(column.is_text for column in table_columns(subject)),
    }


def _words(subject: Subject) -> tuple[list[int], list[str]]:
    """Columns of the matrix that are words of texts; where there is no text, all of them."""
    columns = table_columns(subject)
    texts = [column for column in columns if column.is_text]
    n_encoded = subject.model.n_features_in_
    at = [j for one in texts or columns for j in range(*one.block.indices(n_encoded))]
    names = [subject.names[j] for j in at]
    if len(texts) == 1:
        names = [name.removeprefix(f"{texts[0].name}~") for name in names]
    return at, names


def _ratios(log_shares: FloatArray, log_prior: FloatArray) -> FloatArray:
    """The share of each column in each class, and in the others together, as their quotient."""
    shares = np.exp(log_shares)
    prior = np.exp(log_prior)[:, None]
    all_others = (prior * shares).sum(axis=0) - prior * shares
    with np.errstate(all="ignore"):
        mean = all_others / (1.0 - prior)
        ratio = shares / mean
    found: FloatArray = np.nan_to_num(ratio, posinf=1e300)
    return found
