"""The list of models: what each row says, and what was looked for."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup

from fitserve.api import descriptions
from fitserve.pages.drawing import svg
from fitserve.pages.drawing.wording import number, per_cent
from fitserve.pages.progress import Progress, progress
from fitserve.pages.words import count, first_sentence, from_centre
from fitserve.storage.store import Latest, Record

ON_A_PAGE = 50
TRAINING = "training"
"""Rows on which a score was measured."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}/\d{1,16}", re.ASCII).fullmatch


class Search(NamedTuple):
    """What a list is asked for."""

    words: str = ""
    model_type: str | None = None
    page: int = 1
    gone: str = ""
    """The model that was just deleted."""

    @classmethod
    def of(cls, query: Any) -> "Search":
        """From a query, of which nothing is refused: what cannot be is the first page of all."""
        page = query.get("page", "1")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        words, gone = query.get("q", "").strip()[:200], query.get("gone", "")
        gone = gone if _NAME(gone) else ""
        return cls(words, query.get("type") or None, max(number, 1), gone)

    @property
    def skip(self) -> int:
        return (self.page - 1) * ON_A_PAGE

    def address(self, **changed: Any) -> str:
        """Of the list with some of this changed."""
        asked = self._replace(**{"page": 1, **changed})
        pairs = {"q": asked.words, "type": asked.model_type or "", "page": asked.page}
        query = urlencode({k: v for k, v in pairs.items() if v not in ("", 1)})
        return f"/?{query}" if query else "/"


class Listing:
    """What the template shows."""

    def __init__(self, search: Search, found: Latest) -> None:
        self.search = search
        self.rows = [_row(i, record) for i, record in enumerate(found.records)]
        self._whole = found.whole
        self._types: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        for (model_type, status), n in found.counts.items():
            self._types[model_type] += n
            self._statuses[status] += n

    @property
    def n_found(self) -> int:
        if self.search.model_type is None:
            return self._types.total()
        return self._types[self.search.model_type]

    @property
    def is_empty(self) -> bool:
        """There is nothing at all, whatever is looked for."""
        return not self.search.words and not self._types

    def facets(self) -> Iterator[tuple[str, str, int, bool]]:
        """Of each type: its name, address, count, and whether it is the one that is shown."""
        chosen = self.search.model_type
        yield "All", self.search.address(model_type=None), self._types.total(), chosen is None
        for name in sorted(self._types.keys() | ({chosen} if chosen else set())):
            address = self.search.address(model_type=name)
            yield name, address, self._types[name], name == chosen

    @property
    def words(self) -> str:
        """What is shown, in a sentence."""
        said = count(self.n_found, "model")
        if self.search.model_type:
            said = count(self.n_found, f"{self.search.model_type} model")
        if self.search.words:
            said += f" with “{self.search.words}” in name or columns"
        elif not self.search.model_type and self._statuses["training"]:
            n = self._statuses["training"]
            said += f", {n if n > 1 else 'one'} of them in training"
        if not self._whole:
            said += ", of the newest: older ones were not searched, add a word that fewer have"
        return f"{said}."

    @property
    def before(self) -> str | None:
        page = self.search.page
        return self.search.address(page=page - 1) if page > 1 else None

    @property
    def after(self) -> str | None:
        more = self.n_found > self.search.skip + ON_A_PAGE
        return self.search.address(page=self.search.page + 1) if more else None


class Row(NamedTuple):
    name: str
    status: str
    created: str
    predicts: str
    is_target: bool
    n_rows: str
    how: str
    """How good it is, in few words; or why it is not there."""
    note: str | None
    """On which rows that was measured, where they were not held out."""
    strip: Markup | None
    progress: Progress | None


def _row(i: int, record: Record) -> Row:
    described = descriptions.page(
        [record], None, ["classes", "hyperparameters", "training", "problem"]
    )
    (told,) = described["models"]
    told |= {name: record.description.get(name) for name in ("started", "progress", "place")}
    of = progress(told) if record.status == "training" else None
    how, note, strip = "", None, None
    if record.status == "failed":
        how = first_sentence((told["problem"] or {}).get("detail", "Why is not known."))
    elif record.status == "ready":
        how, note, strip = _worth(i, told)
    rows = told["n_samples"]
    predicts, is_target = _predicts(told)
    return Row(
        f"{record.key.model_type}/{record.key.model_id}",
        record.status,
        record.created,
        predicts,
        is_target,
        "" if rows is None else str(rows),
        how,
        note,
        strip,
        of,
    )


def _predicts(told: dict[str, Any]) -> tuple[str, bool]:
    """What it answers, and whether that is a column."""
    if told["target"]:
        return told["target"], True
    hyperparameters = told["hyperparameters"] or {}
    groups = hyperparameters.get("n_clusters") or hyperparameters.get("n_components")
    if told["task"] == "clustering" and isinstance(groups, int):
        return count(groups, "group"), False
    if told["task"] == "projection":
        return count(groups, "axis", "axes") if isinstance(groups, int) else "axes", False
    return {"classification": "a class", "regression": "a number"}.get(told["task"], ""), False


def _worth(i: int, told: dict[str, Any]) -> tuple[str, str | None, Markup | None]:
    validation, score = told["validation"], (told["training"] or {}).get("score")
    if told["task"] in ("classification", "regression"):
        if validation is None or validation["mean"] is None:
            return "not checked on held-out rows", None, None
        mean, baseline = validation["mean"], validation["baseline"]
        if told["metric"] == "accuracy":
            return f"{per_cent(mean)} right", None, _strip(i, mean, baseline)
        return f"R² {number(mean, 2)}", None, _strip(i, mean, baseline)
    if score is None:
        return "", None, None
    if told["metric"] == "explained_variance_ratio":
        return f"{per_cent(score)} of variance", TRAINING, None
    if told["metric"] == "inertia":
        return (
            f"rows {number(from_centre(score, told['n_samples']))} from their centre",
            TRAINING,
            None,
        )
    return f"log-likelihood {number(score)} a row", TRAINING, None


def _strip(i: int, mean: float, baseline: float | None) -> Markup:
    """From none to all: a bar for what one gets without a model, a dot for the model."""

    def at(value: float) -> float:
        return 4.0 + 136.0 * min(max(value, 0.0), 1.0)

    parts = [svg.path("M4 10H140", "track")]
    said = f"{number(mean, 2)} on held-out rows"
    if baseline is not None:
        said += f"; without a model {number(baseline, 2)}"
        bar = svg.fixed(at(baseline))
        parts.append(svg.path(f"M{bar} 10H{svg.fixed(at(mean))}", "gain"))
        parts.append(svg.path(f"M{bar} 4V16", "basel"))
    parts.append(svg.path(f"M{svg.fixed(at(mean))} 10h0", "dot"))
    return svg.svg(f"row{i}", (144, 20), said, parts, css="strip")
