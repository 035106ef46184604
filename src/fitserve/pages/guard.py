"""What keeps pages to themselves: which addresses they load from, and whose forms they take."""

from flask import Blueprint, request

from fitserve.errors import ForeignForm

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A form says where it comes from by Origin, which browsers leave empty under no-referrer.
HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin"}
READING = ("GET", "HEAD", "OPTIONS")


def init_pages(pages: Blueprint) -> None:
    pages.before_request(_refuse_foreign)


def _refuse_foreign() -> None:
    """A key in a cookie comes with whatever form asks, so forms of other pages are not taken."""
    if request.method not in READING and not _is_ours():
        raise ForeignForm


def _is_ours() -> bool:
    """As browsers tell; what is none tells nothing, and has no cookie but its own."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or origin in (f"http://{request.host}", f"https://{request.host}")
