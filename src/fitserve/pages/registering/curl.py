"""The same request from a terminal."""

import shlex

from flask import request

from fitserve.pages.registering.form import Form
from fitserve.pages.visitor import visitor


def registration(form: Form) -> str:
    assert form.table is not None
    parts = [f"curl '{request.host_url.rstrip('/')}/register?{form.query}'"]
    if visitor().keys_are_asked:
        parts.append('-H "Authorization: Bearer $FITSERVE_KEY"')
    parts.append("-H 'Content-Type: text/csv'")
    if form.table.packed:
        parts.append("-H 'Content-Encoding: gzip'")
    parts.append(f"--data-binary @{shlex.quote(form.table.name)}")
    return " \\\n  ".join(parts)
