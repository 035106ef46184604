// All pages work without this; it saves reloads.

function each(selector, change, root = document) {
  for (const one of root.querySelectorAll(selector)) change(one);
}

// Times as the reader's clock has them.
function localTimes(root) {
  each("time[data-local]", (time) => {
    const at = new Date(time.dateTime);
    time.title = time.textContent;
    time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  }, root);
}

localTimes(document);
