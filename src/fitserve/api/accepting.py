"""What a client would rather have, where there is more than one answer."""

from http import HTTPStatus

from flask import Response, request


def prefers_page() -> bool:
    """Whether it would rather have a page than JSON, as browsers say; who says nothing would
    not."""
    found = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return found == "text/html"


def see_page(model_type: str, model_id: int) -> Response:
    """Where a browser finds what a program is told here."""
    answer = see_other(f"/model/{model_type}/{model_id}")
    answer.vary.add("Accept")
    return answer


def see_other(path: str) -> Response:
    """The browser is to go on there."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": path})
