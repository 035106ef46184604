"""Which classes are told apart in a picture: all of up to eight, or the seven largest and the
others."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fitserve.evaluation.pictures.subject import Subject
from fitserve.models.base import Codes

MOST = 8


@dataclass(frozen=True)
class Shown:
    """Groups of classes: `of[code]` is the group of each, `(n_classes,)`."""

    labels: list[Any]
    """Of the groups that are one class each, in the order of the classes."""
    others: int
    """How many classes are the last group, which has no label; 0: there is none."""
    of: Codes

    def told(self) -> dict[str, Any]:
        return {"labels": self.labels, "others": self.others}

    @property
    def n_groups(self) -> int:
        return len(self.labels) + (self.others > 0)


def shown(subject: Subject) -> Shown:
    """The same in all pictures of a model, so that a class has one mark in all."""
    labels = subject.labels
    sample = subject.sample
    counts = np.zeros(len(labels), dtype=np.intp)
    if labels and sample is not None and sample.y is not None:
        counts += np.bincount(sample.y, minlength=len(labels))
    return largest_of(labels, counts)


def largest_of(labels: list[Any], counts: Codes) -> Shown:
    """The same of any groups, which have so many rows, `(n_labels,)`."""
    if len(labels) <= MOST:
        return Shown(labels, 0, np.arange(len(labels)))
    largest = np.sort(np.argsort(-counts, kind="stable")[: MOST - 1])
    of = np.full(len(labels), MOST - 1)
    of[largest] = np.arange(MOST - 1)
    return Shown([labels[j] for j in largest.tolist()], len(labels) - MOST + 1, of)
