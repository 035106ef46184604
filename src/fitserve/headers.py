"""What the header of every answer tells browsers, which programs and curl have no use for."""

SECURITY = {
    "X-Content-Type-Options": "nosniff",  # it is what its Content-Type says
    "Cache-Control": "no-store",  # it may be of models that the next one may not see
    "Cross-Origin-Resource-Policy": "same-origin",  # nor may the pages of others
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Each unless a route says otherwise; the last only of what is no page, which has its own."""
