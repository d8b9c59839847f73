import assert from "node:assert";
import { readFileSync } from "node:fs";
import postgres from "postgres";

// It hands what it does not know in an address on to the server, which refuses it.
const url = new URL(process.env.DATABASE_URL);
const authority = url.searchParams.get("sslrootcert");
url.search = "";
const sql = postgres(url.href, { ssl: authority ? { ca: readFileSync(authority) } : false });
const [row] = await sql`INSERT INTO agent_state (key, value) VALUES ('postgres.js', ${sql.json({ n: 1 })})
  ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING value`;
assert.deepEqual(row.value, { n: 1 });
await sql.end();
