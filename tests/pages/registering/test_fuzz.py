"""Forms that no page has: never a fault of ours, always a page that is whole."""

import io
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from fitserve import create_app
from fitserve.config import Settings
from fitserve.models import catalog
from fitserve.pages.registering.settings import OWN
from tests.pages.registering.conftest import HTML, Visit

TABLES = [
    b"a,b,y\n"
    + b"".join(b"%d,%s,%d\n" % (i, [b"x", b"z", b"NA"][i % 3], i % 2) for i in range(12)),
    b"a;b\n1,5;2\n",
    b"a,b\n1,\xff\n",
    b"a\n",
    b"",
]
NAMES = sorted(OWN | {name for cls in catalog().values() for name in cls.names()})
WORDS = "none column:y column: column:a knn kmeans gmm pca svm 0 true null 1e999 -1 [ { a:text"
WORDS += " y:text a,b,y train check penguins impute drop folds holdout \u0661 99999999999999999999"
CHOSEN = ["", "\0", "\ud7ff", '{"a": 1}', *WORDS.split()]
TEXTS = st.one_of(st.sampled_from(CHOSEN), st.text(max_size=8))


BEGUN = [
    {},
    {"target": "column:y", "model_type": "knn", "shown_for": "knn", "missing": "impute"},
    {"target": "column:a", "model_type": "svm", "shown_for": "svm", "step": "train"},
    {"target": "none", "model_type": "gmm", "shown_for": "gmm", "scaled": "true"},
]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(BEGUN),
    st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=8),
    st.sampled_from([*TABLES, None]),
)
def test_any_form(
    begun: dict[str, str], fields: list[tuple[str, str]], table: bytes | None
) -> None:
    client = _APP.test_client()
    sent: MultiDict[str, Any] = MultiDict(begun | dict(fields))
    sent.poplist("file")
    if table is not None:
        sent.add("file", (io.BytesIO(table), "t.csv"))
    answer = client.post("/new", data=sent, headers=HTML, content_type="multipart/form-data")
    assert answer.status_code in (200, 303, 400, 404, 413, 422), answer.text
    if answer.status_code == 303:
        client.delete(answer.headers["Location"].replace("/model/", "/models/"))
    else:
        assert Visit(client, answer).page.words


_APP = create_app(Settings(store="memory"))
