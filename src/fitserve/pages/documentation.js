"use strict";
// Opens what the address names, and sends what stands in a form.
const open = () => {
  const found = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (found instanceof HTMLDetailsElement) {
    found.open = true;
    found.scrollIntoView();
  }
};
addEventListener("hashchange", open);
open();

const written = (text, type) => {
  try {
    return type.includes("json") ? JSON.stringify(JSON.parse(text), null, 1) : text;
  } catch {
    return text;
  }
};

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const told = form.querySelector("output");
  const key = document.getElementById("key");
  const headers = {};
  if (form.dataset.type) headers["Content-Type"] = form.dataset.type;
  if (key && key.value) headers.Authorization = `Bearer ${key.value}`;
  const body = form.elements.body ? form.elements.body.value : undefined;
  told.textContent = "…";
  try {
    const answer = await fetch(form.elements.path.value, { method: form.dataset.method, headers, body });
    const text = await answer.text();
    const type = answer.headers.get("Content-Type") || "";
    told.textContent = `${answer.status} ${answer.statusText}\n${written(text.slice(0, 100000), type)}`;
  } catch (error) {
    told.textContent = `No answer: ${error.message}`;
  }
});
