// Audits a running hub with the public GraphQL-over-HTTP audit suite (package `graphql-http`).
// Usage: node audit.mjs URL TOKEN. Prints one line per audit and a summary; exits 1 when a MUST fails.
import { auditServer } from 'graphql-http';

const [url, token] = process.argv.slice(2);
const results = await auditServer({
  url,
  fetchFn: (address, init = {}) =>
    fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
});
const counts = { ok: 0, notice: 0, warn: 0, error: 0 };
for (const result of results) {
  counts[result.status] += 1;
  const reason = result.status === 'ok' ? '' : ` — ${result.reason}`;
  console.log(`${result.status.padEnd(6)} ${result.name}${reason}`);
}
console.log(`${results.length} audits: ${counts.ok} ok, ${counts.notice} notices, ${counts.warn} warnings, ${counts.error} errors`);
process.exit(counts.error ? 1 : 0);
