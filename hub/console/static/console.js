// The page itself: puts the parts together and asks the hub. The token lives in its field and nowhere else.

import { showPrediction, showResponse } from "./answer.js";
import { Editor } from "./editor.js";
import { Explorer } from "./explorer.js";
import { describeToken, fillPurposes } from "./identity.js";
import { inLanguage, label, loadLabels, onLanguage, setLabel, setText, switchLanguage } from "./labels.js";

const PREFLIGHT = `query Predict($document: String!, $purpose: String!) {
  preflight(document: $document, purpose: $purpose) { refused sources fields { path decision marker policies } }
}`;
const START = "query {\n  \n}\n";

const at = (id) => document.getElementById(id);
const query = new Editor(at("document"));
const variables = new Editor(at("variables"));
const explorer = new Explorer(at("tree"), pickField);
let purposes = [];
let examples = [];
let shown = null;
let asking = null;

function showIdentity() {
  const { text, wrong } = describeToken(at("token").value.trim());
  setText(at("identity"), text);
  at("identity").classList.toggle("wrong", wrong);
  fillPurposes(at("purpose"), purposes, at("token").value.trim());
}

function showStatus(text, wrong = false) {
  setText(at("status"), text);
  at("status").classList.toggle("wrong", wrong);
}

function pickField(field, object) {
  const call = field.arguments ? `(${field.arguments.replace(/(\w+): [^,]+/g, "$1: $$$1")})` : "";
  query.insert(field.name + call + (object ? " {  }" : "") + " ");
}

async function getJson(path) {
  return (await fetch(path)).json();
}

// Examples bring tokens that expire, so they are asked for again whenever one is taken.
async function takeExample(index) {
  examples = await getJson("examples.json").catch(() => examples);
  const example = examples[index];
  if (!example) return;
  at("token").value = example.token;
  at("case").value = example.case;
  at("agreement").value = example.agreement;
  query.value = example.document;
  variables.value = JSON.stringify(example.variables, null, 2);
  showIdentity();
  at("purpose").value = example.purpose;
  markExample(index);
  at("run").focus();
}

function markExample(chosen) {
  [...at("examples").querySelectorAll("button")].forEach((button, index) => {
    button.setAttribute("aria-pressed", String(index === chosen));
  });
}

function drawExamples() {
  const items = examples.map((example, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = inLanguage({ en: example.title, zh: example.title_zh });
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => takeExample(index));
    const item = document.createElement("li");
    item.append(button);
    return item;
  });
  const pressed = [...at("examples").querySelectorAll("button")].findIndex((button) => button.ariaPressed === "true");
  at("examples").replaceChildren(...items);
  at("no-examples").hidden = examples.length > 0;
  markExample(pressed);
}

function requestHeaders() {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  const optional = {
    Authorization: at("token").value.trim() && `Bearer ${at("token").value.trim()}`,
    "Hub-Purpose": at("purpose").value,
    "Hub-Case": at("case").value.trim(),
    "Hub-Agreement": at("agreement").value.trim(),
  };
  for (const [name, value] of Object.entries(optional)) if (value) headers[name] = value;
  return headers;
}

function readVariables() {
  if (!variables.value.trim()) return {};
  const value = JSON.parse(variables.value);
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new SyntaxError();
  return value;
}

// A later request replaces an earlier one that is still on its way.
async function ask(body) {
  asking?.abort();
  asking = new AbortController();
  const started = performance.now();
  const { signal } = asking;
  const reply = await fetch("/graphql", { method: "POST", headers: requestHeaders(), body: JSON.stringify(body), signal });
  const response = await reply.json();
  return { response, time: Math.round(performance.now() - started) };
}

async function askAndShow(body, show) {
  showStatus(label("asking"));
  at("run").setAttribute("aria-busy", "true");
  try {
    const { response, time } = await ask(body);
    shown = () => show(response, time);
    shown();
    at("copy").hidden = false;
    at("copy").onclick = () => copyResponse(response);
  } catch (error) {
    if (error.name !== "AbortError") showStatus(label("unreachable"), true);
  } finally {
    at("run").setAttribute("aria-busy", "false");
  }
}

function showAnswer(response, time) {
  showResponse(response);
  const code = response.data ? null : response.errors?.[0]?.extensions?.code;
  showStatus(code ? label("refused", { code }) : label("answered", { time }), Boolean(code));
}

function run() {
  let values;
  try {
    values = readVariables();
  } catch {
    showStatus(label("variables-bad"), true);
    at("variables").focus();
    return;
  }
  askAndShow({ query: query.value, variables: values }, showAnswer);
}

function predict() {
  if (!at("purpose").value) {
    showStatus(label("predict-purpose"), true);
    at("purpose").focus();
    return;
  }
  const values = { document: query.value, purpose: at("purpose").value };
  askAndShow({ query: PREFLIGHT, variables: values }, (response, time) => {
    const preflight = response.data?.preflight;
    if (!preflight) return showAnswer(response, time);
    showPrediction(response, preflight);
    const code = preflight.refused;
    return showStatus(code ? label("refused", { code }) : label("predicted", { time }), Boolean(code));
  });
}

async function copyResponse(response) {
  await navigator.clipboard.writeText(JSON.stringify(response, null, 2));
  setLabel(at("copy"), "copied");
  setTimeout(() => setLabel(at("copy"), "copy"), 1500);
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
}

function switchSchema() {
  const hidden = at("schema").toggleAttribute("hidden");
  at("toggle-schema").setAttribute("aria-expanded", String(!hidden));
}

function listen() {
  at("request").addEventListener("submit", (event) => {
    event.preventDefault();
    run();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  });
  at("predict").addEventListener("click", predict);
  at("token").addEventListener("input", showIdentity);
  at("toggle-language").addEventListener("click", switchLanguage);
  at("toggle-theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "light"));
  at("toggle-schema").addEventListener("click", switchSchema);
  onLanguage(() => {
    showIdentity();
    drawExamples();
    explorer.draw();
    shown?.();
  });
}

async function start() {
  setTheme(matchMedia("(prefers-color-scheme: dark)").matches);
  if (innerWidth < 1500) switchSchema();
  listen();
  query.value = START;
  await loadLabels();
  [purposes, examples] = await Promise.all([getJson("purposes.json"), getJson("examples.json"), explorer.load()]);
  showIdentity();
  drawExamples();
  if (examples.length) await takeExample(0);
}

start();
