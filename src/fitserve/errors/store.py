"""Of the store and what is in it."""

from http import HTTPStatus

from fitserve.errors.problem import FitserveError


class StoreUnavailable(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The store cannot be reached"

    def __init__(self) -> None:
        super().__init__(
            "The store of models cannot be reached or written at the moment, and nothing was "
            "changed. Send the request again later.",
            retry_after=2,
        )


class StoreFull(StoreUnavailable):
    """There is no room on the store's disk."""

    title = "The store is full"

    def __init__(self) -> None:
        FitserveError.__init__(
            self,
            "The disk of the store of models is full, and nothing was changed. DELETE models that "
            "are not needed any more, or give the disk more room; then send the request again.",
            retry_after=10,
        )


class StoreTooNew(FitserveError):
    """The store was led on by a newer program; this one cannot use it, and has to end."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The store is of a newer version"

    def __init__(self, needed: int, ours: int) -> None:
        super().__init__(
            f"the store needs a program of schema {needed} or newer, and this one is of schema "
            f"{ours}; start the newer program, or restore a backup from before it ran"
        )


class ModelUnreadable(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "model-unreadable"
    title = "The stored model cannot be read"

    def __init__(self, model_type: str, model_id: int) -> None:
        super().__init__(
            f"What is stored of the {model_type} model with id {model_id} is damaged or of a "
            "newer version; the server's log says which. Restore it from a backup, or DELETE "
            f"/models/{model_type}/{model_id} and register it again."
        )


class DamagedModel(ValueError):
    """Stored bytes are not what was stored."""


class TooManyModels(FitserveError):
    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The store has no room for another model"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"The store holds {limit:,} models, failed and queued ones counted, as many as it may. "
            "Nothing was changed. DELETE one that is not needed any more, or raise the limit with "
            "the setting FITSERVE_MAX_MODELS; then send the request again.",
            retry_after=10,
        )
