// As the client of the agent was before: twenty connections, thirty seconds idle, two to connect, and a clean end.
import assert from "node:assert";
import { eq, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { boolean, integer, jsonb, pgTable, text, timestamp, varchar } from "drizzle-orm/pg-core";
import pg from "pg";

const agentState = pgTable("agent_state", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  key: varchar({ length: 256 }).notNull().unique(),
  value: jsonb().notNull(),
  updatedAt: timestamp("updated_at").defaultNow().notNull(),
});
const memoryFacts = pgTable("memory_facts", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  subject: text().notNull(),
  body: jsonb().notNull(),
  isStale: boolean("is_stale").default(false).notNull(),
  createdAt: timestamp("created_at").defaultNow().notNull(),
});
const pool = new pg.Pool({
  connectionString: process.env.DATABASE_URL,
  max: 20,
  idleTimeoutMillis: 30_000,
  connectionTimeoutMillis: 2_000,
});
const db = drizzle(pool);
await Promise.all(Array.from({ length: 20 }, () => db.execute(sql`SELECT pg_sleep(0.2)`)));
const value = { step: 1 };
await db.insert(agentState).values({ key: "drizzle", value }).onConflictDoUpdate({ target: agentState.key, set: { value } });
const [found] = await db.select().from(agentState).where(eq(agentState.key, "drizzle"));
assert.deepEqual(found.value, value);
const [fact] = await db.insert(memoryFacts).values({ subject: "clients", body: { learned: "a" } }).returning();
await db.update(memoryFacts).set({ isStale: true }).where(eq(memoryFacts.id, fact.id));
await pool.end();
assert.equal(pool.totalCount, 0);
