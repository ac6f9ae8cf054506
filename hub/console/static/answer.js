// The answer on the page: the response with its markers, the departments, the outcomes, the receipt.

import { findOutcomes, groupOutcomes, markersByPath } from "./findings.js";
import { clockTime } from "./identity.js";
import { currentLanguage, inLanguage, label } from "./labels.js";

const EXPLAINED = ["withheld", "conditional", "unanswered", "unknown", "masked", "empty"];
const DECISIONS = { WITHHOLD: "withheld", AGGREGATE: "withheld", VERIFY: "masked", MASK: "masked", READ: "got" };

function element(name, className, ...content) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

/** Show a response as it was received. */
export function showResponse(response) {
  const markers = markersByPath(response);
  document.getElementById("response").replaceChildren(...responseNodes(response, { path: null, markers, depth: 0 }));
  showSources((response.extensions?.sources ?? []).map((entry) => [entry.department, entry.status, entry.asOf]));
  const errors = (response.errors ?? []).map((error) => groupRow("error", error.extensions?.code ?? "", [error.message]));
  const groups = response.data ? groupOutcomes(findOutcomes(response)) : [];
  const found = groups.map(([outcome, paths]) => groupRow(outcome, reason(outcome), paths.map(pathNodes)));
  document.getElementById("outcomes").replaceChildren(...errors, ...found);
  showReceipt(response.extensions?.receipt);
}

/** Show what a document would get. */
export function showPrediction(response, preflight) {
  const clean = { path: null, markers: new Map(), depth: 0 };
  document.getElementById("response").replaceChildren(...responseNodes(response, clean));
  showSources((preflight.sources ?? []).map((department) => [department, "asked", null]));
  const rows = Object.entries(DECISIONS).map(([decision, outcome]) => {
    const fields = (preflight.fields ?? []).filter((field) => field.decision === decision);
    return fields.length ? groupRow(outcome, "", fields.map(predictionNodes), label(`decision.${decision}`)) : "";
  });
  document.getElementById("outcomes").replaceChildren(...rows.filter(Boolean));
  showReceipt(null);
}

// The response, indented, with a badge where a marker says why a place is empty.
function responseNodes(value, place) {
  if (value === null || typeof value !== "object") return leafNodes(value, place);
  const list = Array.isArray(value);
  const entries = list ? value.map((item) => [null, item]) : Object.entries(value);
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  if (!entries.length) return [element("span", "c-mark", open + close), ...badgeNodes(place)];
  const nodes = [element("span", "c-mark", open), "\n"];
  entries.forEach(([name, item], index) => {
    nodes.push("  ".repeat(place.depth + 1));
    if (name !== null) nodes.push(element("span", "c-argument", JSON.stringify(name)), ": ");
    nodes.push(...responseNodes(item, { ...place, depth: place.depth + 1, path: innerPath(place, name) }));
    nodes.push(index + 1 < entries.length ? ",\n" : "\n");
  });
  nodes.push("  ".repeat(place.depth), element("span", "c-mark", close));
  return nodes;
}

// Paths count from inside `data`; outside of it (null at depth 0, "extensions") there are none.
function innerPath(place, name) {
  if (name === null) return place.path;
  if (place.depth === 0) return name === "data" ? "" : undefined;
  if (place.path === undefined) return undefined;
  return place.path ? `${place.path}.${name}` : name;
}

function leafNodes(value, place) {
  const kind = value === null ? "null" : { string: "string", number: "number", boolean: "keyword" }[typeof value];
  return [element("span", `c-${kind}`, JSON.stringify(value)), ...(value === null ? badgeNodes(place) : [])];
}

function badgeNodes(place) {
  const code = place.path ? place.markers.get(place.path) : undefined;
  return code ? [" ", element("span", `badge ${code.toLowerCase()}`, label(`marker.${code}`))] : [];
}

function showSources(entries) {
  const rows = entries.map(([department, status, asOf]) => {
    const state = element("td", "", element("span", `dot ${status}`), label(`status.${status}`));
    return element("tr", "", element("th", "", label(`department.${department}`)), state, element("td", "", moment(asOf)));
  });
  for (const row of rows) row.firstChild.scope = "row";
  const none = element("td", "hint", label("no-sources"));
  none.colSpan = 3;
  document.getElementById("sources").replaceChildren(...(rows.length ? rows : [element("tr", "", none)]));
}

function moment(text) {
  const time = new Date(text ?? NaN);
  if (Number.isNaN(time.getTime())) return "–";
  const today = new Date().toDateString() === time.toDateString();
  return today ? clockTime(time) : time.toLocaleDateString(currentLanguage() === "zh" ? "zh-CN" : "en-GB", { month: "short", day: "numeric" });
}

function reason(outcome) {
  return EXPLAINED.includes(outcome) ? label(`why.${outcome}`) : "";
}

// One outcome, how often and why; beside it the fields it befell.
function groupRow(outcome, why, entries, word = label(`outcome.${outcome}`)) {
  const head = element("th", "", element("span", `badge ${outcome}`, word), " ", element("span", "count", String(entries.length)));
  head.scope = "row";
  if (why) head.append(element("span", "why", why));
  const items = entries.map((entry) => element("li", "", ...[entry].flat()));
  return element("tr", "", head, element("td", "", element("ul", "paths", ...items)));
}

// A long path may break before a dot.
function pathNodes(path) {
  return path.split(/(?=\.)/).flatMap((part) => [document.createElement("wbr"), part]);
}

function predictionNodes(field) {
  const notes = [field.marker === "CONDITIONAL" ? label("marker.CONDITIONAL") : "", (field.policies ?? []).join(", ")];
  const note = notes.filter(Boolean).join(" · ");
  return [...pathNodes(field.path), ...(note ? [element("span", "why", note)] : [])];
}

function showReceipt(receipt) {
  const list = document.getElementById("receipt");
  document.getElementById("receipt-part").hidden = !receipt;
  const entries = receiptEntries(receipt ?? {}).filter(([, value]) => value !== "");
  list.replaceChildren(...entries.flatMap(([name, value]) => [element("dt", "", label(`receipt.${name}`)), element("dd", "", value)]));
}

// One entry per text; an object of several texts is laid flat.
function receiptEntries(receipt) {
  return Object.entries(receipt).flatMap(([name, value]) => {
    if (value === null || typeof value !== "object") return [[name, String(value ?? "")]];
    if (Array.isArray(value)) return [[name, value.join(" · ")]];
    if ("nameEn" in value) return [[name, inLanguage({ en: value.nameEn, zh: value.nameZh })]];
    return "en" in value ? [[name, inLanguage(value)]] : receiptEntries(value);
  });
}
