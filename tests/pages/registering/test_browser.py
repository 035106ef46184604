"""/new in a real browser: a table is dropped, looked at, mended, and trained from."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from fitserve.models import catalog
from tests.conftest import EXAMPLES, Server, start_server, until
from tests.pages.conftest import Open, faults

PENGUINS = EXAMPLES / "penguins.csv"
WRONG = "a,b,zip,label\n" + "".join(
    f"{i},{'-' if i == 3 else 2 * i},0{i}1,{'xy'[i % 2]}\n" for i in range(1, 13)
)
SCRIPT = "<script>wrong()</script>"
LEARNED: dict[str, dict[str, Any]] = {
    "multi_naive_bayes": {"file": EXAMPLES / "messages.csv", "target": "label", "text": "body"},
    "linear_regression": {"target": "body_mass_g", "missing": "Leave those rows out"},
    "kmeans": {"target": None},
    "gmm": {"target": None, "covariance_type": "diag"},
    "pca": {"target": None},
}


def drop(page: Page, content: bytes | str, name: str = "penguins.csv") -> None:
    """Drop a file anywhere on the page."""
    body = content.encode() if isinstance(content, str) else content
    page.evaluate(
        """([text, name]) => {
            const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name, { type: "text/csv" }));
            for (const kind of ["dragover", "drop"]) {
                const init = { dataTransfer, bubbles: true, cancelable: true };
                document.querySelector("h1").dispatchEvent(new DragEvent(kind, init));
            }
        }""",
        [base64.b64encode(body).decode(), name],
    )


def settle(page: Page) -> None:
    """Wait until nothing is under way, or about to be."""
    page.locator("form[aria-busy=true]").wait_for(state="detached")


def train(page: Page, model_type: str) -> None:
    """From a dropped table to a model's page."""
    asked = LEARNED.get(model_type, {"target": "species"})
    file: Path = asked.get("file", PENGUINS)
    page.goto("/new")
    drop(page, file.read_bytes(), file.name)
    if "text" in asked:
        page.get_by_role("button", name=f"Do so: counts the words of {asked['text']}").click()
    page.get_by_text("It was read.").wait_for()
    target = "none" if asked["target"] is None else f"column:{asked['target']}"
    page.get_by_label("Column to predict").select_option(target)
    page.get_by_label("Model type").wait_for()
    if "missing" in asked:
        page.get_by_label(asked["missing"]).check()
        settle(page)
    page.get_by_label("Model type").select_option(model_type)
    settle(page)
    if "covariance_type" in asked:
        page.get_by_label("covariance_type").select_option(asked["covariance_type"])
        settle(page)
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(f"**/model/{model_type}/1", wait_until="commit")


def test_from_a_dropped_table_to_a_model_of_each_type(server: Server, tab_of: Open) -> None:
    page = tab_of(server).page
    for model_type in sorted(catalog()):
        train(page, model_type)
    page.locator("h1 .chip.ok").wait_for()  # it says so by itself
    for model_type in sorted(catalog()):
        until(lambda: server.ask("GET", f"/models/{model_type}/1")[1]["status"] == "ready")  # noqa: B023
        page.goto(f"/model/{model_type}/1")
        page.get_by_role("button", name="Predict", exact=True).click()
        page.locator("#answer .says").wait_for()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("button", name="Delete svm/1").click()
    assert server.ask("GET", "/models/svm/1")[0] == 404


def test_progress_is_watched(server: Server, tab_of: Open) -> None:
    page = tab_of(server).go("/new?sample=penguins")
    page.get_by_label("Model type").select_option("logistic_regression")
    settle(page)
    page.get_by_text("more settings").click()
    for name, value in {"learning_rate": "1e-9", "max_iter": "1000000000", "tol": "0"}.items():
        page.get_by_label(name, exact=True).fill(value)
    settle(page)
    assert page.get_by_label("max_iter", exact=True).is_visible(), "what was opened stays open"
    assert page.get_by_label("max_iter", exact=True).input_value() == "1000000000"
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**/model/logistic_regression/*")
    page.locator("progress").wait_for()
    page.get_by_role("link", name="Cancel the training…").click()
    page.get_by_role("button", name="Cancel it").click()


def test_what_is_wrong_is_mended_by_a_button(server: Server, tab_of: Open) -> None:
    page = tab_of(server).go("/new")
    drop(page, WRONG, "wrong.csv")
    problem = page.locator("#problem")
    problem.wait_for()
    assert page.title().startswith("Problem:")
    marked = page.locator("#lines td.bad2")
    assert marked.all_inner_texts() == ["011", "-"]
    problem.get_by_role("link", name="b, line 4").click()
    assert page.url.endswith("#lines")
    page.get_by_role("button", name="Do so: takes zip as a category").click()
    page.get_by_text("zip, line 2").wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "problem", "there is more"
    page.get_by_role("button", name="Do so: - counts as empty").click()
    page.get_by_text("It was read.").wait_for()
    assert page.title().startswith("New model: wrong.csv")
    page.get_by_label("Column to predict").focus()
    page.get_by_label("Column to predict").select_option("column:label")
    page.get_by_label("Model type").wait_for()
    assert page.evaluate("document.activeElement.id") == "f-target", "where it was"
    assert page.get_by_label("Kind of zip").input_value() == "category"
    page.get_by_text("How the file is written").click()
    page.get_by_label("Between cells").fill("ab")
    page.keyboard.press("Enter")
    problem.wait_for()
    assert page.evaluate("document.activeElement.id") == "problem", "it was asked for"
    problem.get_by_role("link", name="'ab' cannot stand between cells").click()
    assert page.evaluate("document.activeElement.id") == "f-delimiter"


def test_a_server_that_is_busy_takes_nothing_away(server: Server, tab_of: Open) -> None:
    page = tab_of(server).go("/new?sample=penguins")
    page.get_by_label("n_neighbors").fill("7")
    settle(page)
    busy = '<main><div class="problem"><h1>Busy</h1><p>Too many wait.</p></div></main>'
    page.route("**/new", lambda one: one.fulfill(status=503, content_type="text/html", body=busy))
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("Too many wait. Nothing was changed; try again.").wait_for()
    page.unroute("**/new")
    assert page.get_by_label("n_neighbors").input_value() == "7"
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**/model/knn/*", wait_until="commit")


def test_it_works_without_a_script(server: Server, tab_of: Open) -> None:
    page = tab_of(server, java_script_enabled=False).go("/new")
    page.locator("#file").set_input_files(PENGUINS)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_label("Column to predict").select_option("column:species")
    page.get_by_role("button", name="Go on").click()
    assert "choose penguins.csv once more" in page.locator("#problem").inner_text()
    page.locator("#file").set_input_files(PENGUINS)
    page.get_by_role("button", name="Look at it").click()
    assert page.get_by_label("Column to predict").input_value() == "column:species"
    page.get_by_label("n_neighbors").fill("7")
    page.locator("#file").set_input_files(PENGUINS)
    page.get_by_role("button", name="Train", exact=True).click()
    assert "/model/knn/" in page.url
    page.wait_for_url("**/model/knn/*")


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"width": 320}], ids=str)
def test_it_is_accessible_and_fits(server: Server, tab_of: Open, options: dict[str, Any]) -> None:
    width = options.pop("width", 1200)
    tab = tab_of(server, viewport={"width": width, "height": 800}, **options)
    page = tab.go("/new")

    def judge() -> None:
        assert faults(tab) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    judge()
    drop(page, WRONG, "a-file-with-a-rather-long-name-that-does-not-end-" + "x" * 60 + ".csv")
    page.locator("#problem").wait_for()
    judge()
    drop(page, PENGUINS.read_bytes())
    page.get_by_text("It was read.").wait_for()
    page.get_by_label("Column to predict").select_option("column:species")
    page.get_by_label("Model type").wait_for()
    for summary in page.locator("summary").all():
        summary.click()
    judge()
    assert tab.bytes < 300_000
    small = page.evaluate(
        """[...document.querySelectorAll("button, .btn, select, input:not([type=hidden])")]
        .map((e) => e.getBoundingClientRect())
        .filter((r) => r.width > 1 && (r.height < 17 || (r.height < 24 && r.width > 30))).length"""
    )
    assert small == 0


def test_names_do_nothing(server: Server, tab_of: Open) -> None:
    tab = tab_of(server)
    tab.page.add_init_script("window.wrong = () => (window.ran = true)")
    page = tab.go("/new")
    rows = "".join(f"{SCRIPT},{i},{'xz'[i % 2]}\n" for i in range(9))
    drop(page, f"{SCRIPT},\"><img src=x onerror=wrong()>\",'y'\n".replace('"><', '"""><') + rows,
         f"{SCRIPT}.csv")  # fmt: skip
    page.get_by_text("It was read.").wait_for()
    page.get_by_label("Column to predict").select_option(f"column:{SCRIPT}")
    page.get_by_label("Model type").wait_for()
    page.get_by_label("Column to predict").select_option("column:'y'")
    settle(page)
    assert SCRIPT in page.locator("table.cols").inner_text()
    assert page.evaluate("window.ran === undefined")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that takes a write key, and bodies of a megabyte."""
    running = start_server(
        tmp_path_factory.mktemp("small") / "log",
        FITSERVE_READ_KEYS="reads-0123456789abc",
        FITSERVE_WRITE_KEYS="writes-0123456789ab",
        FITSERVE_MAX_CONTENT_LENGTH="1000000",
        WEB_CONCURRENCY="1",
    )
    yield running
    running.process.terminate()
    running.process.wait(timeout=40)


def test_with_keys_and_a_limit(small: Server, tab_of: Open, tmp_path: Path) -> None:
    page = tab_of(small).go("/new")

    def give(key: str) -> None:
        page.get_by_label("Key").fill(key)
        page.get_by_role("button", name="Go on").click()
        page.goto("/new")

    give("reads-0123456789abc")
    assert page.locator("#file").count() == 0, "who may not write is not asked for a table"
    page.goto("/key")
    give("writes-0123456789ab")
    assert "up to 1000 kB" in page.locator("main").inner_text()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    drop(page, "a,b\n" + "1,2\n" * 300_000, "large.csv")
    page.get_by_text("This file is over the limit").wait_for()
    assert sent == [], "it is not even begun to be sent"
    drop(page, PENGUINS.read_bytes())
    page.get_by_text("It was read.").wait_for()
    assert not page.get_by_text("This file is over the limit").is_visible()
    page.get_by_label("Column to predict").select_option("column:species")
    page.get_by_label("Model type").wait_for()
    assert "Authorization: Bearer $FITSERVE_KEY" in (page.locator("#d-code").text_content() or "")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url("**/model/knn/1")
    plain = tab_of(small, java_script_enabled=False).go("/key")
    plain.get_by_label("Key").fill("writes-0123456789ab")
    plain.get_by_role("button", name="Go on").click()
    plain.goto("/new")
    (tmp_path / "large.csv").write_text("a,b\n" + "1,2\n" * 300_000)
    plain.locator("#file").set_input_files(tmp_path / "large.csv")
    plain.get_by_role("button", name="Look at it").click()
    assert "over the limit of 1000000 bytes" in plain.locator("#problem").inner_text()
