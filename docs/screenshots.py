"""Take docs/pages/*.png of a server of its own: `PYTHONPATH=src python -m docs.screenshots`, with
Chromium installed."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PORT = 18763
PENGUINS = "penguins.csv"
MODELS = (
    ("knn&model_id=1&target=species&cv=5&importance=true", PENGUINS),
    ("pca&model_id=1&n_components=2&standardize=true", PENGUINS),
    ("kmeans&model_id=1&n_clusters=3&standardize=true", PENGUINS),
    ("gauss_naive_bayes&model_id=1&target=species&cv=5", PENGUINS),
    ("multi_naive_bayes&model_id=1&target=label&kinds=body:text&cv=5", "messages.csv"),
    ("linear_regression&model_id=1&missing=drop&target=body_mass_g&cv=5", PENGUINS),
    ("decision_tree&model_id=1&target=species&cv=5", PENGUINS),
    ("linear_regression&model_id=2&missing=drop&target=body_mass_g&learning_rate=1e4", PENGUINS),
    ("knn&model_id=2&target=species&cv=5&importance=true&standardize=true", PENGUINS),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = {"PORT": str(PORT), "HOST": "127.0.0.1", "FITSERVE_STORE": "memory"}
        server = subprocess.Popen(
            [sys.executable, "-m", "fitserve", "serve"],
            cwd=folder,
            env=os.environ | settings | {"PYTHONPATH": str(ROOT / "src")},
        )
        try:
            wait()
            for query, table in MODELS:
                register(query, ROOT / "examples" / table)
            take()
        finally:
            server.terminate()
            server.wait()


def wait() -> None:
    for _ in range(200):
        try:
            ask("GET", "/health")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not start")


def register(query: str, table: Path) -> None:
    asynchronous = {"Prefer": "respond-async", "Content-Type": "text/csv"}
    fill = "" if "missing=" in query else "&missing=impute"
    path = f"/register?model_type={query}{fill}"
    ask("POST", path, table.read_bytes(), asynchronous)
    time.sleep(1.2)  # so that each has a time of its own


def ask(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
    connection = HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request(method, path, body, headers or {})
    connection.getresponse().read()
    connection.close()


def take() -> None:
    chromium = shutil.which("chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        for scheme in ("light", "dark"):
            shot(opened(browser, "/model/knn/2", scheme), f"model-{scheme}", 1180)
            shot(opened(browser, "/", scheme), f"models-{scheme}", 760)
        shot(opened(browser, "/new?sample=penguins", "light"), "new-light", 1100)
        shot(opened(browser, "/model/knn/2", "light", 390), "phone-light", 1100)
        browser.close()


def opened(browser: Browser, path: str, scheme: str, width: int = 1100) -> Page:
    page = browser.new_page(
        base_url=f"http://127.0.0.1:{PORT}",
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        timezone_id="UTC",
    )
    page.goto(path)
    if path.startswith("/model/"):
        page.get_by_role("button", name="Predict", exact=True).click()
        page.locator("#answer .says").wait_for()
    return page


def shot(page: Page, name: str, height: int) -> None:
    width: int = page.evaluate("innerWidth")
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=str(ROOT / "docs" / "pages" / f"{name}.png"))
    page.close()


if __name__ == "__main__":
    main()
