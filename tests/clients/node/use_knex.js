import assert from "node:assert";
import knex from "knex";

const db = knex({ client: "pg", connection: process.env.DATABASE_URL });
const migrationSource = {
  getMigrations: async () => ["1"],
  getMigrationName: (name) => name,
  getMigration: async () => ({
    up: (db) => db.schema.createTable("knex_notes", (table) => table.increments().primary()),
    down: (db) => db.schema.dropTable("knex_notes"),
  }),
};
await db.migrate.latest({ migrationSource });
assert.equal(await db.schema.hasTable("knex_notes"), true);
await db.migrate.rollback({ migrationSource });
await db.destroy();
