import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "postgresql",
  schema: "./schema.ts",
  dbCredentials: {
    host: process.env.BENCH_HOST!, // or the folder of a socket
    user: process.env.BENCH_USER!,
    password: process.env.BENCH_PASSWORD,
    database: process.env.BENCH_DATABASE!,
    ssl: false,
  },
});
