"""Of a request that cannot be read, or is over a limit of what may be sent."""

from http import HTTPStatus

from fitserve.errors.problem import FitserveError


class MalformedJson(FitserveError):
    status = HTTPStatus.BAD_REQUEST
    name = "malformed-json"
    title = "The body is not JSON"


class MalformedRequest(FitserveError):
    """What came is not HTTP, or is not all there."""

    status = HTTPStatus.BAD_REQUEST
    name = "malformed-request"
    title = "The request is not well-formed HTTP"

    @classmethod
    def incomplete(cls, sent: int, declared: int | None = None) -> "MalformedRequest":
        of = "" if declared is None else f" of the {declared:,} that its Content-Length says"
        return cls(
            f"The body ended after {sent:,} bytes{of}. Nothing was changed; send all of it, and "
            "keep the connection open until the answer is there."
        )


class UnsupportedMediaType(FitserveError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    name = "unsupported-media-type"
    title = "The body's media type is not supported"


class TooLarge(FitserveError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    name = "too-large"
    title = "The body is too large"

    def __init__(
        self,
        limit: int,
        instead: str = "or raise the limit with the setting FITSERVE_MAX_CONTENT_LENGTH",
    ) -> None:
        super().__init__(f"The body is over the limit of {limit} bytes. Send less, {instead}.")


class TooMany(FitserveError):
    """The request asks for more than a setting allows."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    name = "too-large"
    title = "The request is over a limit"

    @classmethod
    def cells(cls, rows: int, columns: int, limit: int) -> "TooMany":
        return cls(
            f"{rows:,} rows of {columns:,} columns, as they are encoded, are {rows * columns:,} "
            f"cells, over the limit of {limit:,}. Send fewer rows or columns, or raise the limit "
            "with the setting FITSERVE_MAX_CELLS."
        )

    @classmethod
    def rows(cls, rows: int, limit: int) -> "TooMany":
        return cls(
            f"{rows:,} rows are over the limit of {limit:,} in one request. Send fewer at a time, "
            "or raise the limit with the setting FITSERVE_MAX_BATCH_ROWS."
        )


class TakesTooMuch(TooLarge):
    """It is not over the limit of bytes, but takes too much memory while it is read."""

    title = "The body takes too much memory"

    def __init__(self, megabytes: int, of_csv: bool = False) -> None:
        less = "" if of_csv else ", or the table as CSV (tensors as bytes), which takes less"
        FitserveError.__init__(
            self,
            f"Reading this body takes more than the {megabytes:,} MiB of memory that it may. Send "
            f"fewer rows at a time{less}.",
        )
