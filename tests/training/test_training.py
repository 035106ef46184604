"""What is told of a training while it goes on."""

from itertools import pairwise

from fitserve.storage.store import Key, Record
from fitserve.training.training import LOSSES, Ongoing


def test_losses_are_told_few_and_evenly() -> None:
    of = Ongoing(Record(Key("svm", 1), "", "training", ""))
    assert "losses" not in of.now().description
    for step in range(10_000):
        of.watch(step / 10_000, 1.0 / (step + 1))
        told = of.now().description.get("losses", [])
        assert len(told) <= LOSSES
    of.watch(1.0, float("nan"))
    of.watch(1.0, None)
    places = [progress for progress, _ in of.now().description["losses"]]
    apart = [b - a for a, b in pairwise(places)]
    assert len(places) > LOSSES // 3
    assert places[0] == 0.0
    assert places[-1] > 0.9
    assert max(apart) < 4 * min(apart)
