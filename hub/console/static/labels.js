// The page's words in both languages, from labels.json; what is on the page follows the switch.

let labels = {};
let language = navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
const listeners = [];

export async function loadLabels() {
  labels = await (await fetch("labels.json")).json();
  applyLanguage();
}

export function currentLanguage() {
  return language;
}

export function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  applyLanguage();
  for (const listener of listeners) listener();
}

export function onLanguage(listener) {
  listeners.push(listener);
}

/** The word for a key, with `{name}` replaced from `values`; the key's last part where there is none. */
export function label(key, values = {}) {
  const text = labels[key]?.[language] ?? key.slice(key.indexOf(".") + 1);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** The text of something that carries `en` and `zh`, falling back to the other language. */
export function inLanguage(entry) {
  return entry[language] || entry.en || entry.zh || "";
}

function applyLanguage() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = `${label("title")} · ${label("query")}`;
  for (const element of document.querySelectorAll("[data-label]")) element.textContent = label(element.dataset.label);
  for (const element of document.querySelectorAll("[data-label-placeholder]")) {
    element.placeholder = label(element.dataset.labelPlaceholder);
  }
  for (const element of document.querySelectorAll("[data-label-aria]")) {
    element.setAttribute("aria-label", label(element.dataset.labelAria));
  }
}

/** Let an element show the word for a key from now on, in whichever language is chosen. */
export function setLabel(element, key) {
  element.dataset.label = key;
  element.textContent = label(key);
}

/** Let an element show a text of the moment; it no longer follows a key. */
export function setText(element, text) {
  delete element.dataset.label;
  element.textContent = text;
}
