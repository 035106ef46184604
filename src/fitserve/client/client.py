"""`Client`: what the server does, as methods in the order of the HTTP bodies."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from fitserve.client import bodies, shapes, tensors
from fitserve.client.mistakes import explained
from fitserve.client.problems import (
    Invalid,
    NotFound,
    Problem,
    Unreachable,
    foreign,
    problem,
    refusal,
)
from fitserve.client.requests import Requests, members_of, text_of
from fitserve.client.transport import Answer, Body, Source, Upload

Description = dict[str, Any]
Progress = Callable[[Description], object]
"""Told of a training, whenever its description has changed."""

PAGE = 1000  # models that are asked for at a time
SMALL = 64 * 1024  # bytes of a body whose training is waited for at once, which is quicker
_GOES_ON = (
    "The training of {0} goes on: in that server until it has ended, or in one that is started "
    "over the same database. `fitserve show {0}` or, in Python, describe tells how far it is."
)
FIRST, LAST, GROWTH = 0.01, 1.0, 1.5  # seconds between looks at a training


@explained
class Client(Requests):
    """A fitserve server, from any thread.

    >>> client = Client()
    >>> client.register("knn", 1, [[1], [2], [9]], ["low", "low", "high"], n_neighbors=1)
    >>> client.predict("knn", 1, [[3], [7]])
    ['low', 'high']

    What the server refuses is raised as a `fitserve.client.Problem`. A client may be pickled and
    copied to other processes; with it goes its key.
    """

    # ------------------------------------------------------------------------------ training

    def register(
        self,
        model_type: str,
        model_id: int,
        X: Any,
        y: Any = None,
        *,
        wait: bool = True,
        progress: Progress | None = None,
        dry_run: bool = False,
        **kwargs: Any,
    ) -> Description:
        """Train a model and keep it under this id; answers its description.

        X is rows as lists or dicts, columns by name, an array or a frame; y a list, array or
        series, or the name of the column of X to learn. `kwargs` are hyperparameters, and the
        options of tables and validation. With `wait=False` it answers as soon as the training is
        queued; `progress` is told how it goes. With `dry_run` all is checked and nothing trained.
        """
        bodies.refuse_file(X, "register_csv")
        asked = {
            "model_type": model_type,
            "model_id": model_id,
            "kwargs": bodies.learned(X, y) | kwargs,
        }
        body = Body(bodies.encoded(asked))
        return self._register(
            asked, {}, body, "application/json", wait=wait, progress=progress, dry_run=dry_run
        )

    def register_csv(
        self,
        model_type: str,
        model_id: int,
        source: Source,
        target: str | None = None,
        *,
        wait: bool = True,
        progress: Progress | None = None,
        upload: Upload | None = None,
        dry_run: bool = False,
        **options: Any,
    ) -> Description:
        """The same from a CSV: a file's name, the file, open, or its content as bytes.

        `upload(sent, total)` is told while it is sent. `options` are all that may stand beside a
        CSV: hyperparameters, options of tables (`kinds={"zip": "category"}`) and of the file.
        """
        named = {"model_type": model_type, "model_id": model_id}
        given = {"target": target} if target is not None else {}
        body = Body(source)
        try:
            return self._register(
                named,
                named | given | options,
                body,
                "text/csv",
                wait=wait,
                progress=progress,
                dry_run=dry_run,
                upload=upload,
            )
        finally:
            body.close()

    def wait(
        self, model_type: str, model_id: int, *, progress: Progress | None = None
    ) -> Description:
        """The description of a model once it is trained; raises the problem if that fails."""
        pause, told, seen = FIRST, None, time.monotonic()
        while True:
            try:
                description = self.describe(model_type, model_id)
                seen = time.monotonic()
            except Unreachable as error:  # one that is started anew goes on with it
                if time.monotonic() - seen > self.patience:
                    said = f"{error.detail} {_GOES_ON.format(f'{model_type} {model_id}')}"
                    raise Unreachable(said) from error.__cause__
                description = None
            if description is not None:
                if progress is not None and description != told:
                    progress(description)
                told = description
                if description["status"] == "failed" and "problem" in description:
                    raise problem(description["problem"])
                if description["status"] == "ready":
                    return description
                if description["status"] != "training":
                    raise foreign(description)
            time.sleep(pause)
            pause = min(LAST, pause * GROWTH)

    def cancel(self, model_type: str, model_id: int) -> None:
        """End a training; its id is free again."""
        self.delete(model_type, model_id)

    # ------------------------------------------------------------------------------- asking

    def predict(
        self, model_type: str, model_id: int, X: Any, *, probabilities: bool = False
    ) -> Any:
        """What the model predicts: a list with an entry for each row of X, or of one row its own.

        With `probabilities` a pair: that, and of each row a dict from the class's text to its
        probability. Of a matrix of NumPy's they are arrays, sent and answered as bytes:
        `(n_rows,)`, coordinates `(n_rows, n_components)`, and probabilities
        `(n_rows, n_classes)` in the order of the classes.
        """
        bodies.refuse_file(X, "predict_csv")
        matrix = tensors.matrix(X)
        if matrix is not None:
            return self._infer(model_type, model_id, matrix, probabilities)
        asked = {"model_type": model_type, "model_id": model_id, "features": bodies.rows(X)}
        wanted = shapes.PROBABLE if probabilities else shapes.PREDICTED
        asked |= {"probabilities": True} if probabilities else {}
        told = self._post("/predict", asked, wanted)
        predicted = told["predictions" if "predictions" in told else "prediction"]
        return (predicted, told["probabilities"]) if probabilities else predicted

    def predict_csv(
        self,
        model_type: str,
        model_id: int,
        source: Source,
        *,
        probabilities: bool = False,
        out: str | os.PathLike[str] | BinaryIO | None = None,
        upload: Upload | None = None,
        **options: Any,
    ) -> str:
        """The CSV with one more column, `prediction`, and for `probabilities` one for each class.

        With `out` it is written into that file as well. `options` say how the file is written.
        """
        named = {"model_type": model_type, "model_id": model_id}
        asked = {"probabilities": True} if probabilities else {}
        answer = self._csv("/predict", named | asked | options, source, "text/csv", upload)
        text = text_of(answer)
        if isinstance(out, (str, os.PathLike)):
            Path(out).write_bytes(answer.content)
        elif out is not None:
            out.write(answer.content)
        return text

    def evaluate(
        self, model_type: str, model_id: int, X: Any, y: Any = None, **options: Any
    ) -> dict[str, Any]:
        """How well the model does on these rows, of which y is what is true.

        y is a list, array or series, or the name of a column of X; it may be left out where X has
        the column that was learned. `importance=True` adds what each column is worth, by
        `repeats=5` shuffles.
        """
        bodies.refuse_file(X, "evaluate_csv")
        named = {"model_type": model_type, "model_id": model_id}
        asked = named | bodies.compared(X, y) | options
        return self._post("/evaluate", asked, shapes.EVALUATED)

    def evaluate_csv(
        self,
        model_type: str,
        model_id: int,
        source: Source,
        target: str | None = None,
        *,
        upload: Upload | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """The same of a CSV that has the column that was learned, or what is true as `target`."""
        named: dict[str, Any] = {"model_type": model_type, "model_id": model_id}
        named |= {"target": target} if target is not None else {}
        answer = self._csv("/evaluate", named | options, source, "application/json", upload)
        return members_of(answer, shapes.EVALUATED)

    # --------------------------------------------------------------------------- what there is

    def types(self) -> list[str]:
        """The model types that the server has."""
        names: list[str] = self._get("/listtypes", {"model_types": [str]})["model_types"]
        return names

    def type(self, model_type: str) -> dict[str, Any]:
        """What the type computes, needs and takes."""
        return self._get(f"/types/{quote(model_type, safe='')}", shapes.TYPE)

    def ids(self, model_type: str) -> list[int]:
        """The ids of its models, ascending."""
        asked = {"model_type": model_type}
        found: list[int] = self._post("/list", asked, {"model_ids": [int]})["model_ids"]
        return found

    def models(
        self, model_type: str | None = None, *, fields: tuple[str, ...] | list[str] = ()
    ) -> Iterator[dict[str, Any]]:
        """Summaries of all models, or those of a type; asked for a page at a time.

        `fields` are members of the descriptions to be told besides.
        """
        query: dict[str, Any] = {"limit": PAGE}
        if model_type is not None:
            query["model_type"] = model_type
        if fields:
            query["fields"] = ",".join(fields)
        wanted = {"models": [dict], "next": (str, None)}
        while True:
            page = self._get("/models", wanted, query)
            yield from page["models"]
            if page["next"] is None:
                return
            if not page["models"] or page["next"] == query.get("after"):  # it would never end
                raise foreign(page)
            query["after"] = page["next"]

    def describe(self, model_type: str, model_id: int) -> Description:
        """The model's description; `status` says whether it is trained."""
        return self._get(_path(model_type, model_id), shapes.DESCRIPTION)

    def classes(self, model_type: str, model_id: int) -> Iterator[Any]:
        """All labels that a classifier tells apart, ascending; a description has the first 100."""
        query: dict[str, Any] = {"start": 0, "limit": PAGE}
        path, wanted = (
            f"{_path(model_type, model_id)}/classes",
            {"classes": list, "next": (int, None)},
        )
        while query["start"] is not None:
            page = self._get(path, wanted, query)
            yield from page["classes"]
            if page["next"] is not None and page["next"] <= query["start"]:
                raise foreign(page)
            query["start"] = page["next"]

    def delete(self, model_type: str, model_id: int) -> None:
        """Remove a model, or end its training; its id is free again."""
        self.request("DELETE", _path(model_type, model_id))

    def health(self) -> dict[str, Any]:
        """Whether the server is there, and how its store is. Needs no key."""
        return self._get("/health")

    # ------------------------------------------------------------------------------ in here

    def _register(
        self,
        named: Mapping[str, Any],
        query: Mapping[str, Any],
        body: Body,
        kind: str,
        *,
        wait: bool,
        progress: Progress | None,
        dry_run: bool,
        upload: Upload | None = None,
    ) -> Description:
        key = named["model_type"], named["model_id"]
        queued = not dry_run and not (wait and progress is None and body.size <= SMALL)
        headers = {"Content-Type": kind} | ({"Prefer": "respond-async"} if queued else {})
        query = {**query, "dry_run": True} if dry_run else query
        try:
            answer = self.request(
                "POST", "/register", query, body, headers, repeatable=False, upload=upload
            )
        except Unreachable as error:
            if queued or dry_run or not isinstance(error.__cause__, TimeoutError):
                raise
            try:
                return self.wait(*key)  # hanging up does not end it
            except NotFound:
                raise error from None
        if queued and wait:
            return self.wait(*key, progress=progress)
        return members_of(answer, shapes.REGISTERED)

    def _infer(self, model_type: str, model_id: int, matrix: Any, probabilities: bool) -> Any:
        parts, start = [], 0
        for block in tensors.blocks(matrix):
            try:
                parts.append(self._inferred(model_type, model_id, block, probabilities))
            except Problem as error:
                if not start:
                    raise
                said = f"{error.detail} Row 0 is here row {start:,} of X, which is sent in parts."
                raise problem(error.members | {"detail": said}, error.hint) from None
            start += len(block)
        return tensors.joined(parts, probabilities)

    def _inferred(
        self, model_type: str, model_id: int, block: Any, probabilities: bool
    ) -> list[Any]:
        path = f"/v2/models/{quote(model_type, safe='')}/versions/{model_id}/infer"
        body, headers = tensors.question(block, probabilities)
        try:
            answer = self.request("POST", path, None, Body(body), headers)
        except Invalid:  # /predict takes more, and says in full what is wrong
            rows = block.tolist()
            found = self.predict(model_type, model_id, rows, probabilities=probabilities)
            return tensors.of_lists(*found) if probabilities else tensors.of_lists(found)
        try:
            arrays = tensors.answer(answer.content, answer.headers.get(tensors.HEADER, ""))
        except ValueError:
            raise refusal(answer) from None
        if [len(array) for array in arrays] != [len(block)] * (2 if probabilities else 1):
            raise refusal(answer)
        return arrays

    def _csv(
        self,
        path: str,
        query: Mapping[str, Any],
        source: Source,
        accept: str,
        upload: Upload | None,
    ) -> Answer:
        body = Body(source)
        try:
            headers = {"Content-Type": "text/csv", "Accept": accept}
            return self.request("POST", path, query, body, headers, upload=upload)
        finally:
            body.close()


def _path(model_type: str, model_id: int) -> str:
    return f"/models/{quote(model_type, safe='')}/{model_id}"
