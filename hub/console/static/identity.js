// Who a token says is asking. Read here only to be shown; the hub decides.

import { inLanguage, label } from "./labels.js";

/** The claims of a token, or null when it is not one. */
export function readClaims(token) {
  try {
    const segment = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(segment), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    return claims !== null && typeof claims === "object" && !Array.isArray(claims) ? claims : null;
  } catch {
    return null;
  }
}

/** One line about a token and whether something is wrong with it. */
export function describeToken(token) {
  if (!token) return { text: label("no-token"), wrong: false };
  const claims = readClaims(token);
  if (claims === null) return { text: label("bad-token"), wrong: true };
  const roles = Array.isArray(claims.roles) ? claims.roles.map((role) => label(`role.${role}`)) : [];
  const expires = new Date(1000 * claims.exp);
  const expired = !(expires > new Date());
  const parts = [label(`department.${claims.department}`), roles.join(", "), claims.jurisdiction ?? ""];
  if (claims.case?.reference) parts.push(`${label("case")} ${claims.case.reference}`);
  if (!Number.isNaN(expires.getTime())) {
    parts.push(label(expired ? "expired" : "expires", { time: clockTime(expires) }));
  }
  return { text: parts.filter(Boolean).join(" · "), wrong: expired };
}

export function clockTime(moment) {
  return moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** Fill the list of purposes, those named by the token first. */
export function fillPurposes(select, purposes, token) {
  const named = new Set(readClaims(token)?.purposes ?? []);
  const chosen = select.value;
  const known = purposes.length ? purposes : [...named].map((code) => ({ code, en: code, zh: code }));
  const order = [...known].sort((a, b) => named.has(b.code) - named.has(a.code));
  const options = order.map((purpose) => {
    const option = document.createElement("option");
    option.value = purpose.code;
    option.textContent = (named.has(purpose.code) ? "● " : "") + inLanguage(purpose);
    return option;
  });
  select.replaceChildren(select.options[0], ...options);
  select.value = chosen;
}
