"""All that the page of a model shows."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import inf
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from fitserve.api import descriptions
from fitserve.directory import ModelDirectory
from fitserve.errors import FitserveError, Overloaded, StoreUnavailable
from fitserve.evaluation.advice import NOTHING_LEARNED
from fitserve.evaluation.pictures.subject import Sample
from fitserve.pages import code, trying
from fitserve.pages.answering import Answer
from fitserve.pages.drawing import Picture, draw
from fitserve.pages.goodness import Goodness, goodness
from fitserve.pages.learned import ColumnLine, columns, settings
from fitserve.pages.progress import losses, progress
from fitserve.pages.registering.remedies import button
from fitserve.pages.rendering import page
from fitserve.pages.told import Told
from fitserve.pages.trying import Field
from fitserve.storage.cache import Loaded

PART = "X-Part"
"""The header by which the script asks for the answering part of a page alone."""
STRIDE = 37
"""From one training row that is shown to the next: rows of a class often stand together."""
APART = ("score_strip", "importance")
"""Pictures that have a place of their own."""


class ModelPage:
    """Of a model that is ready. What costs something is found out when a template asks for it."""

    def __init__(self, directory: ModelDirectory, loaded: Loaded, gone: Callable[[], bool]) -> None:
        self._directory, self.loaded, self._gone = directory, loaded, gone
        self.key = loaded.record.key
        self.predictor = directory.predictor.while_wanted(gone)
        self.is_away = not directory.reachable
        """The store cannot be reached."""
        self.name = f"{self.key.model_type}/{self.key.model_id}"
        self.answer: Answer | None = None
        self.problem: Mapping[str, Any] | None = None
        self.problem_in = ""
        """The form that it is about."""
        self.evaluation: Mapping[str, Any] | None = None
        self.rows: list[list[str]] | None = None
        """Of a file that was predicted, the first lines."""
        self._fields: list[Field] | None = None

    @cached_property
    def described(self) -> Told:
        return Told(descriptions.description(self.loaded.record))

    @property
    def model_type(self) -> str:
        return self.key.model_type

    @property
    def summary(self) -> str:
        return self._directory.type(self.key.model_type).summary()

    @property
    def predicts(self) -> str:
        """What it answers."""
        return self.described.get("target") or {
            "classification": "a class",
            "regression": "a number",
            "clustering": "which group a row belongs to",
            "projection": "coordinates",
        }.get(self.described["task"] or "", "")

    @property
    def url(self) -> str:
        """Of this server, as the browser knows it."""
        return request.host_url.rstrip("/")

    # ------------------------------------------------------------------------------ pictures

    @cached_property
    def numbers(self) -> dict[str, Any]:
        """As at GET /models/.../pictures; or why there are none."""
        try:
            return self._directory.pictures(*self.key, self._gone)
        except (Overloaded, StoreUnavailable) as error:
            return {"pictures": {}, "left_out": {}, "reason": error.detail, "n_rows": 0, "rows": []}

    @cached_property
    def _drawn(self) -> dict[str, Picture]:
        return {one.name: one for one in draw(self.described, self.numbers)}

    @property
    def pictures(self) -> list[Picture]:
        return [one for one in self._drawn.values() if one.name not in APART]

    @property
    def strip(self) -> Picture | None:
        return self._drawn.get("score_strip")

    @property
    def importance(self) -> Picture | None:
        return self._drawn.get("importance")

    @property
    def importance_found(self) -> list[Mapping[str, Any]]:
        """By the rows of a file, the most important column first; last what is undefined."""
        found = (self.evaluation or {}).get("importance") or ()
        return sorted(found, key=lambda one: -inf if one["mean"] is None else one["mean"])[::-1]

    @property
    def calibration(self) -> str | None:
        """The title of the picture that tells how far probabilities can be trusted."""
        found = self._drawn.get("calibration")
        return None if found is None else found.title

    @cached_property
    def goodness(self) -> Goodness:
        return goodness(self.described, self.numbers["pictures"])

    @property
    def warning(self) -> str | None:
        """That it is no better than doing without, unless the advice says so."""
        advised = any(NOTHING_LEARNED in words for words, _ in self.advice)
        return None if advised else self.goodness.warning

    # -------------------------------------------------------------------------------- trying

    @cached_property
    def sample(self) -> Sample | None:
        return self._directory.sample(self.loaded)

    @cached_property
    def row(self) -> int | None:
        """Which of the rows that were kept the form is filled with."""
        asked = request.args.get("row", "")
        n_rows = self.numbers["n_rows"]
        if not n_rows or not asked.isascii() or not asked.isdigit():
            return None
        return int(asked[:9]) % int(n_rows)

    @property
    def row_number(self) -> int | None:
        """Which of the table that it learned from that is."""
        return None if self.row is None else int(self.numbers["rows"][self.row])

    @property
    def next_row(self) -> int | None:
        n_rows = self.numbers["n_rows"]
        return ((self.row or 0) + STRIDE) % int(n_rows) if n_rows else None

    @property
    def fields(self) -> list[Field]:
        if self._fields is None:
            self._fields = trying.fields(self.loaded, lambda: self.sample, self.row)
        return self._fields

    def fill(self, form: Mapping[str, str]) -> list[Field]:
        """The fields with what the form says, from now on."""
        self._fields = trying.filled(form, self.fields)
        return self._fields

    @property
    def open_fields(self) -> Sequence[tuple[int, Field]]:
        return list(enumerate(self.fields))[: trying.OPEN]

    @property
    def more_fields(self) -> Sequence[tuple[int, Field]]:
        return list(enumerate(self.fields))[trying.OPEN :]

    def fault_of(self, name: str) -> str | None:
        """What is wrong with a field."""
        if self.problem is None or self.problem_in != "try":
            return None
        for fault in self.problem.get("errors", ()):
            if fault["loc"] and str(fault["loc"][-1]) == name:
                return str(fault["msg"])
        return None

    def place_of(self, fault: Mapping[str, Any]) -> str:
        """Where on the page the thing is that is wrong."""
        names = [one.name for one in self.fields] if self.problem_in == "try" else []
        name = str(fault["loc"][-1]) if fault["loc"] else ""
        return f"#x{names.index(name)}" if name in names else f"#{self.problem_in}"

    # ---------------------------------------------------------------------------------- code

    @property
    def _asked(self) -> Any:
        return trying.features(self.fields, self.loaded)

    def curl(self, *, needs_key: bool) -> str:
        wanted = self.loaded.model.has_probabilities
        return code.curl(self.url, self.key, self._asked, probabilities=wanted, needs_key=needs_key)

    @property
    def python(self) -> str:
        wanted = self.loaded.model.has_probabilities
        return code.python(self.url, self.key, self._asked, probabilities=wanted)

    # -------------------------------------------------------------------------------- learned

    @property
    def columns(self) -> list[ColumnLine]:
        return columns(self.described)

    @property
    def settings(self) -> tuple[list[str], list[str]]:
        """Hyperparameters that were set, and those that are as they are by default."""
        return settings(self._directory.type(self.key.model_type), self.described)

    @property
    def advice(self) -> list[tuple[str, str | None]]:
        """Sentences, and where each is followed."""
        found = []
        for one in self.described["advice"]:
            query = {"like": self.name, "remedy": button(one["set"] or {})}
            found.append((one["words"], f"/new?{urlencode(query)}" if one["set"] else None))
        return found

    def refused(self, error: FitserveError, form: str) -> None:
        """Tell in this form why what it asked for was not done."""
        self.problem, self.problem_in = Told(error.problem()), form


def shown(
    directory: ModelDirectory, model_type: str, model_id: int, gone: Callable[[], bool]
) -> Response:
    """The page of a model in whatever state it is. Of one in memory there is a page as well while
    the store is away."""
    if not directory.reachable:
        loaded = directory.get(model_type, model_id)
        return page("model.html", here="models", model=ModelPage(directory, loaded, gone))
    record = directory.record(model_type, model_id)
    waiting = {
        "here": "models",
        "record": record,
        "described": Told(descriptions.description(record)),
    }
    if record.status == "training":
        waiting |= {
            "progress": progress(record.description),
            "losses": losses(record.description),
            "most": directory.training_seconds,
        }
        return page("training.html", **waiting)
    if record.status == "failed":
        return page("failed.html", **waiting)
    told = ModelPage(directory, directory.get(model_type, model_id), gone)
    if PART in request.headers:
        return page("part.html", model=told, answered="try")
    return page("model.html", here="models", model=told)
