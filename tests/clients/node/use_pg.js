import assert from "node:assert";
import pg from "pg";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 20 });
const upsert = "INSERT INTO agent_state (key, value) VALUES ('pg', $1) ON CONFLICT (key) DO UPDATE SET value = $1 RETURNING value";
assert.deepEqual((await pool.query(upsert, [{ n: 1 }])).rows, [{ value: { n: 1 } }]);
await pool.end();
