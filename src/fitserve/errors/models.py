"""Of a model that is not there, or there already."""

from collections.abc import Sequence
from http import HTTPStatus

from fitserve.errors.problem import FitserveError, clip


class UnknownModelType(FitserveError):
    status = HTTPStatus.NOT_FOUND
    name = "unknown-model-type"
    title = "No such model type"

    def __init__(self, model_type: str, known: Sequence[str], mended: str = "") -> None:
        instead = f"; {mended}" if mended else ""
        super().__init__(
            f"There is no model type {clip(model_type)!r}{instead}. The types are: "
            f"{', '.join(known)}."
        )


class UnknownModel(FitserveError):
    status = HTTPStatus.NOT_FOUND
    name = "unknown-model"
    title = "No such model"

    def __init__(self, model_type: str, model_id: int) -> None:
        sent = ", which is taken where no model_id is sent; send model_id, a URL with & in quotes"
        taken = "" if model_id else sent
        super().__init__(
            f"There is no {model_type} model with id {model_id}{taken}. POST /list with "
            f'{{"model_type": "{model_type}"}} lists the ids there are.'
        )

    @classmethod
    def none_ready(cls, model_type: str) -> "UnknownModel":
        error = cls(model_type, 0)
        error.detail = f"There is no {model_type} model that is ready. POST /register trains one."
        return error


class ModelExists(FitserveError):
    status = HTTPStatus.CONFLICT
    name = "model-exists"
    title = "The id is taken"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"There is a {model_type} model with id {model_id} already, and a model never "
            f"changes. Choose another id, or DELETE /models/{model_type}/{model_id} first."
        )


class ModelTraining(FitserveError):
    status = HTTPStatus.CONFLICT
    name = "model-training"
    title = "The model is still training"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"The {model_type} model with id {model_id} is not ready yet. Ask again later; "
            f"GET /models/{model_type}/{model_id} shows its status.",
            retry_after=1,
        )
