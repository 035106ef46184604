// All pages work without this; it saves reloads.

const parser = new DOMParser();

// The elements of `root` that the selector finds, each given to `change`.
function each(selector, change, root = document) {
  for (const one of root.querySelectorAll(selector)) change(one);
}

// Another inside of each element that both documents have by this id; focus stays where it was.
function swap(ids, from) {
  const held = document.activeElement;
  const again = held?.id ? `#${CSS.escape(held.id)}` : held?.getAttribute("href") && `[href="${CSS.escape(held.getAttribute("href"))}"]`;
  for (const id of ids) {
    const [here, there] = [document.getElementById(id), from.getElementById(id)];
    if (here && there) here.replaceChildren(...there.childNodes);
  }
  if (again && !document.contains(held)) document.querySelector(again)?.focus();
  enhance();
}

async function page(address, asked = {}) {
  const answer = await fetch(address, asked);
  return parser.parseFromString(await answer.text(), "text/html");
}

// ---- parts of a page

const PART = { "X-Part": "1" };
const PARTS = ["start", "fields", "again", "answer", "code"];

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.part) return;
  event.preventDefault();
  form.setAttribute("aria-busy", "true");
  try {
    const found = await page(form.action, { method: "POST", body: new FormData(form), headers: PART });
    if (!found.getElementById("answer")) form.submit(); // it is another page: a key is asked for
    swap(PARTS, found);
  } catch {
    form.submit();
  } finally {
    form.removeAttribute("aria-busy");
  }
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-fill]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  try {
    swap(PARTS, await page(link.href, { headers: PART }));
  } catch {
    location.assign(link.href);
  }
});

// ---- a training

async function look() {
  const bar = () => document.querySelector("#poll progress")?.value ?? 0;
  const before = bar();
  try {
    const now = await page(location.href);
    if (!now.getElementById("poll")) return location.reload();
    document.title = now.title;
    swap(["poll"], now);
    const quarter = (share) => Math.floor(share / 25);
    if (quarter(bar()) > quarter(before)) {
      document.getElementById("quarter").textContent = `${25 * quarter(bar())} % done`;
    }
  } catch {
    // the server is away; it is asked again
  }
  setTimeout(look, document.hidden ? 10_000 : 2_000);
}

if (document.getElementById("poll")) setTimeout(look, 2_000);

// ---- what a page has more with a script

function enhance() {
  each("time[data-local]:not([title])", (time) => {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === new Date().toDateString();
    const shown = { hour: "2-digit", minute: "2-digit" };
    if (time.dataset.local !== "short" || !isToday) Object.assign(shown, { day: "numeric", month: "short" });
    if (time.dataset.local !== "short") shown.year = "numeric";
    time.title = `${time.dateTime.slice(0, 16).replace("T", " ")} UTC`;
    time.textContent = at.toLocaleString(undefined, shown);
  });
  each("pre[data-copy]", (code) => {
    const { copy } = code.dataset; // a proxy in front may be asked by https
    if (copy) code.textContent = code.textContent.replaceAll(copy, location.origin);
    if (code.previousElementSibling || !navigator.clipboard) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "tiny", textContent: "Copy" });
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2_000);
    });
    code.before(button);
  });
}

enhance();
// After the address has been scrolled to, which takes focus away.
addEventListener("load", () => setTimeout(() => document.getElementById("problem")?.focus()));

// ---- a form with a file

// Forms with a file send themselves, and what is answered takes the page's place: the file stays.
document.documentElement.classList.add("js");
let sending, soon, shown = location.pathname; // whose page is shown

function upload(form, submitter) {
  clearTimeout(soon);
  sending?.abort();
  const action = form.getAttribute("action");
  const data = new FormData(form);
  if (submitter?.name) data.append(submitter.name, submitter.value);
  const [told, bar, said] = ["", " progress", " [role=status]"].map((one) => form.querySelector("[data-sending]" + one));
  const say = (words, share) => {
    if (!told) return;
    told.hidden = false;
    if (said.textContent !== words) said.textContent = words;
    bar.value = share;
  };
  const busy = (is) => (form.ariaBusy = (submitter ?? {}).disabled = is);
  const failed = (why) => {
    busy(false);
    say(`${why} Nothing was changed; try again.`, 0);
  };
  const request = (sending = new XMLHttpRequest());
  request.open("POST", action);
  request.responseType = "document";
  request.setRequestHeader("Accept", "text/html");
  request.upload.onprogress = ({ loaded, total }) => {
    const share = loaded / total; // told at each quarter
    if (share < 1) say(`Sending: ${25 * Math.floor(4 * share)} %`, share);
  };
  request.upload.onload = () => told?.hidden === false && say("Reading the table", 1);
  request.onload = () => {
    const { response, responseURL, status } = request;
    const at = new URL(responseURL).pathname;
    if (at !== action) location.assign(at);
    else if (response?.querySelector("main form")) replaceMain(response, at, submitter);
    else failed(response?.querySelector(".problem p")?.textContent ?? `The server answers ${status}.`);
  };
  request.onerror = () => failed("The server cannot be reached.");
  request.send(data);
  busy(true);
}

function replaceMain(answer, at, submitter) {
  const old = document.querySelector("main");
  const main = document.adoptNode(answer.querySelector("main"));
  const [file, place] = [old, main].map((one) => one.querySelector("input[type=file]"));
  if (file?.files.length) place?.replaceWith(file);
  each("details[id][open]", ({ id }) => main.querySelector(`#${id}`)?.setAttribute("open", ""), old);
  const { id, value, type } = document.activeElement ?? {};
  old.replaceWith(main);
  document.title = answer.title;
  if (at !== shown) history.pushState(null, "", (shown = at));
  enhance();
  const problem = submitter && document.getElementById("problem");
  const same = document.getElementById(id);
  if (same && type === "text") same.value = value; // what was typed meanwhile
  (problem ?? same ?? (submitter ? main : null))?.focus({ preventScroll: !problem });
}

function chosen(form) {
  const [file] = form.querySelector("input[type=file]").files;
  const isTooLarge = file?.size > (form.dataset.limit ?? Infinity);
  each("[data-too-large]", (one) => (one.hidden = !isTooLarge), form);
  if (file && !isTooLarge) upload(form);
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-upload]")) return;
  event.preventDefault();
  upload(event.target, event.submitter);
});
document.addEventListener("change", ({ target }) => {
  const form = target.closest("form[data-upload]:not(:has([value=train]:disabled))");
  if (!form) return;
  if (target.type === "file") return chosen(form);
  form.ariaBusy = true;
  clearTimeout(soon);
  soon = setTimeout(upload, 150, form);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const zone = document.querySelector("[data-drop]");
    if (!zone || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.toggle("over", kind === "dragover");
    if (kind !== "drop") return;
    const file = zone.querySelector("input[type=file]");
    file.files = event.dataTransfer.files;
    chosen(file.form);
  });
}
addEventListener("popstate", () => location.pathname === shown || location.reload());
