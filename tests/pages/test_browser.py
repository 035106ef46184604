"""The pages as people meet them: read, tried, keyed, by keyboard, on a phone, and in the dark."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.conftest import EXAMPLES, Server, start_server
from tests.pages.conftest import Open, faults, post_csv

PENGUINS = EXAMPLES / "penguins.csv"
TYPES = {
    "knn": "target=species&missing=impute&cv=3&importance=true",
    "linear_regression": "target=body_mass_g&missing=drop&cv=3",
    "decision_tree": "target=species&missing=impute&cv=3",
    "logistic_regression": "target=species&missing=impute&standardize=true&holdout=0.3",
    "gauss_naive_bayes": "target=species&missing=impute",
    "svm": "target=species&missing=impute&standardize=true&cv=3",
    "perceptron": "target=sex&missing=drop&sample=0",
    "kmeans": "missing=impute&standardize=true&n_clusters=3",
    "gmm": "missing=drop&standardize=true&n_components=3&drop=species,island,sex",
    "pca": "missing=impute&standardize=true&n_components=2",
}
PHONE: ViewportSize = {"width": 320, "height": 640}
AWKWARD = ['<script>wrong("a")</script>', '"><img src=x onerror=wrong(1)>', "'); wrong(2); ('"]


@pytest.fixture(scope="module")
def filled(server: Server) -> Server:
    """A server with a model of each type, one that failed, and one with awkward names."""
    for model_type, asked in TYPES.items():
        status, told = post_csv(server, PENGUINS, f"model_type={model_type}&model_id=1&{asked}")
        assert status == 201, told
    of_words = "model_type=multi_naive_bayes&model_id=1&target=label&kinds=body:text&cv=4"
    assert post_csv(server, EXAMPLES / "messages.csv", of_words)[0] == 201
    diverges = "model_type=linear_regression&model_id=2&target=body_mass_g&missing=drop"
    ask = f"{diverges}&learning_rate=1e4"
    assert post_csv(server, PENGUINS, ask, Prefer="respond-async")[0] == 202
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow([*AWKWARD, "long" * 40, "</title><script>wrong(3)</script>"])
    for i in range(30):
        markup = f"</select><script>wrong({i % 3})</script>"
        rows.writerow([i % 7, i % 5, markup, "value" * (10 + i % 3), AWKWARD[i % 2]])
    target = "%3C%2Ftitle%3E%3Cscript%3Ewrong(3)%3C%2Fscript%3E"
    query = f"model_type=knn&model_id=3&target={target}&cv=3&importance=true"
    status, told = post_csv(server, table.getvalue().encode(), query)
    assert status == 201, told
    return server


PAGES = [
    "/",
    "/?q=species&type=knn",
    "/?q=nowhere",
    *(f"/model/{model_type}/1" for model_type in [*TYPES, "multi_naive_bayes"]),
    "/model/linear_regression/2",
    "/model/knn/3",
    "/model/knn/77",
    "/model/knn/1/delete",
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible(filled: Server, tab_of: Open, scheme: str) -> None:
    tab = tab_of(filled, color_scheme=scheme)
    of_both = ["/", "/model/knn/1", "/model/linear_regression/1"]
    others = ["/model/kmeans/1", "/model/multi_naive_bayes/1", "/model/linear_regression/2"]
    for path in [*of_both, "/docs"] + (others if scheme == "light" else []):
        tab.go(path)
        assert faults(tab) == [], path
    ground = tab.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (ground == "rgb(251, 250, 248)") == (scheme == "light")


def test_pages_are_small_and_fit_a_phone(filled: Server, tab_of: Open) -> None:
    tab = tab_of(filled, viewport=PHONE)
    sizes = tab.page.context.new_cdp_session(tab.page)
    sizes.send("Network.enable")
    sizes.send("Network.setCacheDisabled", {"cacheDisabled": True})
    for path in PAGES:
        tab.bytes = 0
        tab.go(path)
        assert 0 < tab.bytes < 300_000, (path, tab.bytes)
        width = tab.page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"], (path, width)


def test_what_users_named_is_text(filled: Server, tab_of: Open) -> None:
    tab = tab_of(filled)
    tab.page.add_init_script("window.wrong = () => (window.ran = true)")
    for path in (
        "/",
        "/model/knn/3",
        "/?q=%3Cscript%3Ewrong()%3C/script%3E",
        "/model/knn/3/delete",
    ):
        tab.go(path)
        assert tab.page.evaluate("window.ran === undefined")
    tab.go("/model/knn/3")
    assert AWKWARD[0] in tab.page.locator("#fields").inner_text()
    tab.page.get_by_role("button", name="Predict", exact=True).click()
    tab.page.locator("#answer .says").wait_for()
    assert tab.page.locator("#answer .says").inner_text() in AWKWARD
    assert '<script>wrong(\\"a\\")</script>' in tab.page.locator("#code").inner_text()
    assert tab.page.evaluate("window.ran === undefined")


@pytest.mark.parametrize("scripted", [True, False])
def test_a_row_is_tried(filled: Server, tab_of: Open, scripted: bool) -> None:
    tab = tab_of(filled, java_script_enabled=scripted)
    page = tab.go("/model/knn/1")
    stays = "window.stays = true"
    if scripted:
        page.evaluate(stays)
    page.get_by_label("bill_length_mm").fill("99")
    page.get_by_label("island").select_option("Dream")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.locator("#answer .says").wait_for()
    assert page.locator("#answer .says").inner_text() in ("Adelie", "Chinstrap", "Gentoo")
    assert page.locator("#answer .pbar svg").count() == 3
    assert "lies outside 32.1 to 59.6" in page.locator("#answer").inner_text()
    assert '"bill_length_mm": 99' in page.locator("#code").inner_text()
    assert page.get_by_label("island").input_value() == "Dream"
    page.get_by_label("bill_length_mm").fill("ninety")
    page.keyboard.press("Enter")
    page.locator(".invalid").wait_for()
    assert "'ninety'" in page.locator(".invalid .err").inner_text()
    assert page.get_by_label("bill_length_mm").get_attribute("aria-invalid") == "true"
    if scripted:
        assert page.evaluate("document.activeElement.id") == "x1"
        assert page.evaluate(stays.replace(" = ", " === "))
    page.get_by_role("link", name="Another training row").click()
    page.locator(".invalid").wait_for(state="detached")
    assert re.fullmatch(r"\d\d(\.\d)?", page.get_by_label("bill_length_mm").input_value())


def test_each_type_shows_its_pictures(filled: Server, tab_of: Open) -> None:
    tab = tab_of(filled)
    for model_type in [*TYPES, "multi_naive_bayes"]:
        page = tab.go(f"/model/{model_type}/1")
        told = filled.ask("GET", f"/models/{model_type}/1/pictures")[1]["pictures"]
        shown = page.locator("figure").evaluate_all("all => all.map((one) => one.id)")
        if page.locator("#t-score_strip").count():
            shown.append("score_strip")
        assert sorted(shown) == sorted(told), model_type


def test_what_other_types_answer(filled: Server, tab_of: Open) -> None:
    tab = tab_of(filled)
    said = {
        "linear_regression": r"\d{4}\s+Eight of ten held-out rows lay\s+between \d{4} and \d{4}",
        "kmeans": r"group \d\s+group \d\s+[\d.]+ away",
        "gmm": r"group \d\s+group 0\s+.*%",
        "pca": r"axis 1\s+.?[\d.]+\s+axis 2",
        "svm": "Adelie|Chinstrap|Gentoo",
        "multi_naive_bayes": "spam",
    }
    for model_type, pattern in said.items():
        page = tab.go(f"/model/{model_type}/1")
        if model_type == "multi_naive_bayes":
            page.get_by_label("body").fill("Claim your free voucher")
        page.get_by_role("button", name="Predict", exact=True).click()
        page.locator("#answer .says").wait_for()
        assert re.search(pattern, page.locator("#answer").inner_text()), model_type


def test_a_file_is_predicted_and_checked(filled: Server, tab_of: Open, tmp_path: Path) -> None:
    page = tab_of(filled).go("/model/knn/1")
    form = page.locator("#file")
    form.get_by_label("CSV").set_input_files(PENGUINS)
    form.get_by_label("probability").check()
    with page.expect_download() as begun:
        form.get_by_role("button", name="Predict and download").click()
    assert begun.value.suggested_filename == "penguins-predicted.csv"
    begun.value.save_as(tmp_path / "predicted.csv")
    with (tmp_path / "predicted.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 344
    assert {"prediction", "p(Adelie)"} <= rows[0].keys()
    form.get_by_role("button", name="Show the first rows").click()
    assert page.locator("#file tbody tr").count() == 50
    page.locator("#check").get_by_label("CSV").set_input_files(PENGUINS)
    page.locator("#check").get_by_role("button", name="Check").click()
    assert "On 344 rows" in page.locator("#check .answer").inner_text()
    page.locator("#check").get_by_label("CSV").set_input_files(EXAMPLES / "iris.csv")
    page.locator("#check").get_by_role("button", name="Check").click()
    assert "Problem" in page.title()
    assert "this column is missing" in page.locator("#check .err").inner_text()
    page.locator("#problem:focus").wait_for()


def test_models_are_looked_for(filled: Server, tab_of: Open) -> None:
    page = tab_of(filled).go("/")
    names = page.locator("table.list th[scope=row]")
    assert names.count() == 13
    page.get_by_role("searchbox").fill("body_mass_g linear")
    page.get_by_role("button", name="Search").click()
    assert names.all_inner_texts() == ["linear_regression/2", "linear_regression/1"]
    page.get_by_role("link", name="What to do").click()
    assert "learning_rate" in page.locator(".problem").inner_text()
    page.goto("/models/knn/1")  # as a program prints it
    assert page.url.endswith("/model/knn/1")


def test_the_keyboard_is_enough(filled: Server, tab_of: Open) -> None:
    page = tab_of(filled).go("/model/knn/1")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.locator("#main:focus").wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "x1":
            break
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid", "the focus is seen"
    page.keyboard.press("Enter")
    page.locator("#answer .says").wait_for()
    small = page.evaluate(
        """[...document.querySelectorAll("button, .btn, select, input")]
        .map((e) => e.getBoundingClientRect())
        .filter((r) => r.width && (r.height < 17 || (r.height < 24 && r.width > 30))).length"""
    )
    assert small == 0


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(
        tmp_path_factory.mktemp("locked") / "log",
        FITSERVE_READ_KEYS="reads-0123456789abc",
        FITSERVE_WRITE_KEYS="writes-0123456789",
        WEB_CONCURRENCY="1",
    )
    running.headers["Authorization"] = "Bearer writes-0123456789"
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def test_a_key_is_given_once(locked: Server, tab_of: Open) -> None:
    asked = "model_type=knn&model_id=1&target=species&missing=impute"
    bearer = locked.headers["Authorization"]
    assert post_csv(locked, PENGUINS, asked, Authorization=bearer)[0] == 201
    tab = tab_of(locked)
    page = tab.go("/model/knn/1")
    assert "Your key" in page.title()
    assert faults(tab) == []

    def give(key: str) -> None:
        page.get_by_label("Key").fill(key)
        page.get_by_role("button", name="Go on").click()

    give("wrong-0123456789")
    assert "no key of this server" in page.locator(".problem").inner_text()
    give("reads-0123456789abc")
    assert page.url.endswith("/model/knn/1")
    assert page.get_by_role("link", name="Delete…").count() == 0
    assert "may read, not write" in page.locator("main").inner_text()
    assert faults(tab) == []
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/")
    assert cookie["expires"] == -1
    assert page.request.get("/models/knn/1", headers={"Accept": "*/*"}).status == 401, "pages alone"
    assert "Bearer $FITSERVE_KEY" in page.locator("#code").inner_text()
    page.get_by_role("link", name="give a write key").click()
    give("writes-0123456789")
    page.goto("/model/knn/1")
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete knn/1").click()
    assert "No models yet" in page.title() + page.locator("h1").inner_text()
    page.goto("/key")
    page.get_by_role("button", name="Forget it").click()
    assert "Your key" in page.title()
    assert page.context.cookies() == []


@pytest.mark.parametrize("scripted", [True, False])
def test_a_training_is_watched_and_cancelled(filled: Server, tab_of: Open, scripted: bool) -> None:
    slow = "model_type=logistic_regression&model_id=9&target=species&missing=impute"
    ask = f"{slow}&learning_rate=1e-9&max_iter=1000000000&tol=0"
    assert post_csv(filled, PENGUINS, ask, Prefer="respond-async")[0] == 202
    page = tab_of(filled, java_script_enabled=scripted).go("/model/logistic_regression/9")
    page.locator("progress").wait_for()
    before = page.locator("dl.facts dd").first.inner_text()
    expect(page.locator("dl.facts dd").first).not_to_have_text(before)
    assert "Training" in page.title()
    page.get_by_role("link", name="Cancel the training…").click()
    page.get_by_role("button", name="Cancel it").click()
    page.goto("/model/logistic_regression/9")
    assert "There is no" in page.locator(".problem").inner_text()
