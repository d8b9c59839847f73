// What does not take the sockets' addresses as they are, with the code of docs/clients.md.
import assert from "node:assert";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import knex from "knex";
import postgres from "postgres";
import { createClient } from "redis";

const db = knex({ client: "pg", connection: { connectionString: process.env.DATABASE_URL } });
assert.equal((await db.raw("SELECT current_user AS me")).rows[0].me, "jarvis");
await db.destroy();

// An address without a host is none for Node.
const parts = (address) => {
  const url = new URL(address.replace("@/", "@localhost/"));
  return { url, username: url.username, password: decodeURIComponent(url.password) };
};

const { url, ...login } = parts(process.env.DATABASE_URL);
const sql = postgres({ host: url.searchParams.get("host"), database: url.pathname.slice(1), ...login });
assert.deepEqual([...(await sql`SELECT current_user AS me, inet_server_addr() AS address`)], [{ me: "jarvis", address: null }]);
await sql.end();

const { url: socket, ...user } = parts(process.env.REDIS_URL);
const io = new Redis({ path: socket.pathname, maxRetriesPerRequest: null, ...user });
assert.equal(await io.ping(), "PONG");
const queue = new Queue("by-socket", { connection: io });
await queue.add("add", {});
await queue.obliterate({ force: true });
await queue.close();
await io.quit();

const client = createClient({ socket: { path: socket.pathname }, ...user });
await client.connect();
assert.equal(await client.ping(), "PONG");
await client.close();
