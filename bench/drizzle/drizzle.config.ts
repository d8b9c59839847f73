import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./schema.ts",
  dbCredentials: { host: process.env.BENCH_SOCKET!, user: "postgres", database: process.env.BENCH_DATABASE!, ssl: false },
});
