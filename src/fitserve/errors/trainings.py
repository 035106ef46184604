"""Of a training that has no place, came to no end, or went over a limit."""

from http import HTTPStatus

from fitserve.errors.problem import FitserveError


class TrainingFailed(FitserveError):
    """There is no model, and why is told elsewhere."""

    status = HTTPStatus.NOT_FOUND
    name = "unknown-model"
    title = "No such model"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"The training of the {model_type} model with id {model_id} failed; "
            f"GET /models/{model_type}/{model_id} tells why. The id may be registered again."
        )


class TrainingCancelled(FitserveError):
    status = HTTPStatus.CONFLICT
    name = "training-cancelled"
    title = "The training was cancelled"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"The {model_type} model with id {model_id} was deleted while it trained, and so is "
            "not there. Register it again if it is wanted."
        )


class TrainingLimit(FitserveError):
    """Training took more than it may, or its process died, as if it had."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    name = "training-limit"
    title = "Training went over its limit"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} The id may be registered again.")

    @classmethod
    def time(cls, seconds: int) -> "TrainingLimit":
        return cls(
            f"Training took longer than its limit of {seconds} seconds. Give fewer rows, columns "
            "or iterations, or raise the limit with the setting FITSERVE_TRAINING_SECONDS."
        )

    @classmethod
    def memory(cls, megabytes: int, needed: int | None = None) -> "TrainingLimit":
        needs = "needs more than" if needed is None else f"needs at least {needed:,} MiB, over"
        return cls(
            f"Training {needs} its limit of {megabytes:,} MiB of memory. Give fewer rows, columns "
            "or components, or raise the limit with the setting FITSERVE_TRAINING_MEMORY_MB."
        )

    @classmethod
    def learned(cls, megabytes: int) -> "TrainingLimit":
        return cls(
            f"What was learned takes more than the {megabytes:,} MiB that a model may take. "
            "Give fewer rows, columns or components."
        )

    @classmethod
    def killed(cls) -> "TrainingLimit":
        return cls(
            "The process that trained the model was killed or crashed, as one does that the "
            "machine has no memory for; the server's log tells more. Give less data, or try again."
        )


class TrainingLost(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "training-lost"
    title = "The training was lost"

    def __init__(self) -> None:
        super().__init__(
            "Twice the training did not come to its end: its server stopped all of a sudden, or "
            "had no process or store left. Register the model again."
        )


class Busy(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The server takes no more trainings at the moment"

    @classmethod
    def full(cls, waiting: str) -> "Busy":
        return cls(f"{waiting} Nothing was changed; send the request again later.", retry_after=10)

    @classmethod
    def stopping(cls) -> "Busy":
        return cls(
            "The server is stopping and trains nothing new. Nothing was changed; send the "
            "request again.",
            retry_after=5,
        )


class TooManyTrainings(FitserveError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    name = "rate-limited"
    title = "Too many trainings at a time"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most:,} trainings of yours wait or are under way, as many as one client may have. "
            "Nothing was changed. Send the request again when one has ended, DELETE one, or raise "
            "the limit with the setting FITSERVE_CLIENT_TRAININGS.",
            retry_after=10,
        )
