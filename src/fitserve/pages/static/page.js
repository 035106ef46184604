// All pages work without this; it saves reloads.

function each(selector, change, root = document) {
  for (const one of root.querySelectorAll(selector)) change(one);
}

// Times as the reader's clock has them.
function localTimes(root) {
  each("time[data-local]", (time) => {
    const at = new Date(time.dateTime);
    time.title = time.textContent;
    const today = at.toDateString() === new Date().toDateString();
    const day = { day: "numeric", month: "short" };
    const shown = { hour: "2-digit", minute: "2-digit", ...(today && time.dataset.local === "short" ? {} : day) };
    if (time.dataset.local !== "short") shown.year = "numeric";
    time.textContent = at.toLocaleString(undefined, shown);
  }, root);
}

localTimes(document);
