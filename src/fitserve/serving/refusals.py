"""What the worker refuses by itself, told as a problem like all others."""

from http import HTTPStatus

from gunicorn.http import errors as parser
from gunicorn.util import http_date
from pydantic_core import to_json

from fitserve.errors import FAULT, FitserveError, MalformedRequest, Overloaded, clip, told
from fitserve.headers import SECURITY


class RequestTimeout(FitserveError):
    status = HTTPStatus.REQUEST_TIMEOUT
    name = "request-timeout"
    title = "The request took too long to come"

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(
            f"The {what} did not come within {seconds:g} seconds, and the connection is closed. "
            "Nothing was changed; send the request again, all of it at once."
        )


class UriTooLong(FitserveError):
    status = HTTPStatus.REQUEST_URI_TOO_LONG
    name = "uri-too-long"
    title = "The request line is too long"


class HeadersTooLarge(FitserveError):
    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    name = "headers-too-large"
    title = "The header is too large"


class ExpectationFailed(FitserveError):
    status = HTTPStatus.EXPECTATION_FAILED
    name = "expectation-failed"
    title = "The expectation cannot be met"


class UnknownTransferCoding(FitserveError):
    status = HTTPStatus.NOT_IMPLEMENTED
    name = "unknown-transfer-coding"
    title = "The transfer coding is not known"


def refusal(error: BaseException) -> FitserveError:
    """What a client is told of an error: its own fault, or want of room, or a fault of ours."""
    match error:
        case FitserveError():
            return error
        case MemoryError():
            return Overloaded.of_memory()
        case OSError():
            return Overloaded.of_disk()
        case parser.InvalidResponseHeader() | parser.InvalidResponseHeaderName():
            return FitserveError(FAULT)
        case parser.LimitRequestLine():
            return UriTooLong(
                "The line with the method and the URL is over the limit of 8,190 bytes. Send what "
                "is long in the body."
            )
        case parser.LimitRequestHeaders():
            return HeadersTooLarge(
                "The header is over the limit of 100 fields of 8,190 bytes each, 64 KiB in all. "
                "Send fewer fields, and shorter ones."
            )
        case parser.ExpectationFailed():
            return ExpectationFailed(
                f"The header Expect says {clip(error.expect)!r}; only 100-continue can be "
                "expected here. Leave it out."
            )
        case parser.UnsupportedTransferCoding():
            return UnknownTransferCoding(
                f"The header Transfer-Encoding says {clip(error.hdr)!r}; send chunked, or a "
                "Content-Length instead."
            )
        case parser.ParseException():
            return MalformedRequest(_mend(error))
        case _:
            return FitserveError(FAULT)


def _mend(error: parser.ParseException) -> str:
    match error:
        case parser.InvalidRequestLine():
            return (
                f"The request line {clip(error.req)!r} is not of the form 'GET /health HTTP/1.1': "
                "three parts in printable ASCII, ended by CR LF; percent-encode the rest."
            )
        case parser.InvalidRequestMethod():
            return f"{clip(error.method)!r} is not a method; write one in capitals, such as POST."
        case parser.InvalidHTTPVersion():
            return f"The version {clip(error.version)} is not spoken here; send HTTP/1.1."
        case parser.InvalidHeader(hdr="CONTENT-LENGTH"):
            return (
                "The header Content-Length must be digits, stand once, and not beside "
                "Transfer-Encoding. Send the body's length in bytes."
            )
        case parser.InvalidHeader(hdr="TRANSFER-ENCODING"):
            return (
                "The header Transfer-Encoding must be 'chunked', once and last, in HTTP/1.1. Send "
                "that, or a Content-Length instead."
            )
        case parser.InvalidHeader() | parser.InvalidHeaderName() | parser.ObsoleteFolding():
            return (
                f"The header {clip(error.hdr)!r} is not taken: send each as 'Name: value' on one "
                "line ended by CR LF, the name without spaces and underscores, Host and "
                "Content-Type once."
            )
        case _:
            return f"{clip(error)}. Send the request as RFC 9112 has it."


def answer(error: FitserveError, request_id: str, path: str = "") -> tuple[bytes, bytes]:
    """Header and body of the answer, after which the connection is closed."""
    problem = error.problem() | {"request_id": request_id}
    status, media_type, members = told(problem, path)
    body = to_json(members) + b"\n"
    fields = {
        "Server": "gunicorn",
        "Date": http_date(),
        "Connection": "close",
        "Content-Type": media_type,
        "Content-Length": str(len(body)),
        "X-Request-ID": request_id,
    }
    fields |= SECURITY | error.headers
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode("latin-1") + b"\r\n", body
