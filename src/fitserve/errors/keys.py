"""Of who asks, and may not."""

from http import HTTPStatus

from fitserve.errors.problem import FitserveError


class Unauthorized(FitserveError):
    """No key, or none that is this server's. Never tells what was sent."""

    status = HTTPStatus.UNAUTHORIZED
    name = "unauthorized"
    title = "A key is needed"

    _challenge = 'Bearer realm="fitserve"'

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": self._challenge}

    @classmethod
    def without(cls, what: str) -> "Unauthorized":
        return cls(f"This needs a {what} key; send it in the header 'Authorization: Bearer KEY'.")

    @classmethod
    def otherwise(cls, what: str, how: str) -> "Unauthorized":
        return cls(
            f"This needs a {what} key, and the header Authorization must say 'Bearer', a space "
            f"and one key: 'Authorization: Bearer KEY'. {how}"
        )

    @classmethod
    def wrong(cls, what: str) -> "Unauthorized":
        refused = cls(
            f"This needs a {what} key, and what was sent is no key of this server, or no longer. "
            "Ask who runs it for one."
        )
        refused._challenge += ', error="invalid_token"'
        return refused

    @classmethod
    def in_query(cls) -> "Unauthorized":
        return cls(
            "A key stands in the query, where logs and histories keep it, and is not taken from "
            "there. Have it replaced, since it may be known by now, and send the new one in the "
            "header 'Authorization: Bearer KEY'."
        )


class ForeignForm(FitserveError):
    status = HTTPStatus.FORBIDDEN
    name = "forbidden"
    title = "The form is of another page"

    def __init__(self) -> None:
        super().__init__(
            "What was sent comes from a page that is not of this server, and so nothing was done. "
            "Open this server's own page, and send it from there."
        )


class Forbidden(FitserveError):
    status = HTTPStatus.FORBIDDEN
    name = "forbidden"
    title = "The key may not do this"

    def __init__(self) -> None:
        super().__init__(
            "The key may read, and this writes. Nothing was changed; send a write key in the "
            "header 'Authorization: Bearer KEY'."
        )
