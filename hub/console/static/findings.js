// What an answer holds and what it does not: pure functions from a response to rows.

/** A path as text, without list indexes: `migrant.police.permits.number`. */
export function pathText(path) {
  return (Array.isArray(path) ? path.filter((part) => typeof part === "string") : String(path).split(".")).join(".");
}

/** The markers of a response by path. */
export function markersByPath(response) {
  return new Map((response.extensions?.markers ?? []).map((marker) => [pathText(marker.path), marker.code]));
}

const SOURCES = {
  police: "police",
  civilAffairs: "civil-affairs",
  humanResources: "human-resources",
  health: "health",
  business: "business",
};

/** The department a path leads through, or null. */
export function sourceOf(path) {
  const name = path.split(".").find((part) => part in SOURCES);
  return name ? SOURCES[name] : null;
}

/** Rows `{path, outcome}` in the order of the answer, then markers that have no place in it. */
export function findOutcomes(response) {
  const markers = markersByPath(response);
  const silent = new Set(
    (response.extensions?.sources ?? []).filter((entry) => !["ok", "stale"].includes(entry.status)).map((entry) => entry.department),
  );
  const seen = new Map();
  collect(response.data, "", seen);
  for (const path of markers.keys()) if (!seen.has(path)) seen.set(path, []);
  return [...seen].map(([path, values]) => ({ path, outcome: outcomeOf(path, values, markers.get(path), silent) }));
}

function collect(value, path, seen) {
  if (isCheck(value)) {
    collect(value.answer, path, seen);
  } else if (Array.isArray(value) && value.length) {
    for (const item of value) collect(item, path, seen);
  } else if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) {
      if (name !== "__typename") collect(inner, path ? `${path}.${name}` : name, seen);
    }
  } else if (path) {
    if (!seen.has(path)) seen.set(path, []);
    seen.get(path).push(Array.isArray(value) ? null : value);
  }
}

// A check's answer stands for the check: when and by whom it was answered are not findings of their own.
function isCheck(value) {
  return value !== null && typeof value === "object" && ["YES", "NO", "UNKNOWN"].includes(value.answer);
}

function outcomeOf(path, values, marker, silent) {
  const present = values.filter((value) => value !== null && value !== undefined);
  if (present.length && present.every((value) => value === "UNKNOWN")) return "unknown";
  if (present.some((value) => typeof value === "string" && value.includes("**"))) return "masked";
  if (present.length) return "got";
  if (marker === "WITHHELD") return "withheld";
  if (silent.has(sourceOf(path))) return "unanswered";
  return marker === "CONDITIONAL" ? "conditional" : "empty";
}

const ORDER = ["error", "withheld", "conditional", "unanswered", "unknown", "masked", "got", "empty"];

/** Outcomes that occur, what was not got first, each with its paths: `[outcome, paths]`. */
export function groupOutcomes(rows) {
  const groups = ORDER.map((outcome) => [outcome, rows.filter((row) => row.outcome === outcome).map((row) => row.path)]);
  return groups.filter(([, paths]) => paths.length);
}
