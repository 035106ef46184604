"""Of a server that has no room for this one, or a client that has had its share."""

from http import HTTPStatus

from fitserve.errors.problem import FitserveError


class PredictionLimit(FitserveError):
    """Predicting took more time, or its answer more room, than it may."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    name = "prediction-limit"
    title = "The prediction went over its limit"

    @classmethod
    def time(cls, seconds: int, done: int, rows: int) -> "PredictionLimit":
        return cls(
            f"In its limit of {seconds} seconds the server predicted for {done:,} of {rows:,} "
            f"rows. Send at most {max(1, done * 4 // 5):,} rows at a time, or raise the limit "
            "with the setting FITSERVE_PREDICT_SECONDS."
        )

    @classmethod
    def answer(cls, megabytes: int, rows: int, sent: int) -> "PredictionLimit":
        what = f"Send at most {rows:,} of the {sent:,} rows at a time"
        if rows < 1:
            what = "One row is too much already: leave probabilities out"
        return cls(f"The answer would be over the limit of {megabytes} MiB. {what}.")

    @classmethod
    def probabilities(cls, rows: int, sent: int, classes: int) -> "PredictionLimit":
        return cls(
            f"The probabilities of {classes:,} classes for {sent:,} rows are more than one "
            f"evaluation may hold. Send at most {rows:,} rows at a time."
        )


class RateLimited(FitserveError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    name = "rate-limited"
    title = "Too many requests"

    def __init__(self, most: int, wait: int) -> None:
        super().__init__(
            f"You have sent {most:,} requests in a minute, as many as one client may. Nothing was "
            f"changed. Send the request again in {wait} seconds, or raise the limit with the "
            "setting FITSERVE_REQUESTS_PER_MINUTE.",
            retry_after=wait,
        )


class Overloaded(FitserveError):
    """There is no room for this one beside the others."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    name = "busy"
    title = "The server has no room for this at the moment"

    @classmethod
    def by_bodies(cls) -> "Overloaded":
        return cls(
            "As many large bodies as this server has room for are being read. Send the request "
            "again later, or fewer rows at a time.",
            retry_after=1,
        )

    @classmethod
    def by_reading(cls, seconds: int) -> "Overloaded":
        return cls(
            f"The body could not be read in {seconds} seconds: the machine has too much else to "
            "do. Send the request again later, or fewer rows at a time.",
            retry_after=5,
        )

    @classmethod
    def by_leaving(cls) -> "Overloaded":
        return cls(
            "The client ended its side of the connection while this request waited, and so it was "
            "left. Send it again, and keep the connection open until the answer is there.",
            retry_after=1,
        )

    @classmethod
    def by_predictions(cls) -> "Overloaded":
        return cls(
            "As many long predictions as this server has room for are under way. Send the request "
            "again later, or fewer rows at a time.",
            retry_after=5,
        )

    @classmethod
    def by_stopping(cls) -> "Overloaded":
        return cls("The server is stopping. Send the request again.", retry_after=5)

    @classmethod
    def by_uploads(cls) -> "Overloaded":
        return cls(
            "Too many large requests are being sent at the moment, and this one was at it for "
            "the longest. Nothing was changed; send it again later, or send less at a time.",
            retry_after=10,
        )

    @classmethod
    def of_disk(cls) -> "Overloaded":
        return cls(
            "The server has no disk or no file descriptors left for this request. Nothing was "
            "changed; send it again later, or send less at a time.",
            retry_after=10,
        )

    @classmethod
    def of_memory(cls) -> "Overloaded":
        return cls(
            "The machine has no memory left for this request. Send it again later, or fewer rows "
            "at a time.",
            retry_after=5,
        )
