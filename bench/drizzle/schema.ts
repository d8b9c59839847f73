// The original definitions, as the agent's client knows them.
import {
  boolean, foreignKey, integer, jsonb, pgTable, text, timestamp, varchar,
} from "drizzle-orm/pg-core";

export const agentState = pgTable("agent_state", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  key: varchar({ length: 256 }).notNull().unique(),
  value: jsonb().notNull(),
  updatedAt: timestamp("updated_at").defaultNow().notNull(),
});

export const memoryFacts = pgTable("memory_facts", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  subject: text().notNull(),
  body: jsonb().notNull(),
  isStale: boolean("is_stale").default(false).notNull(),
  createdAt: timestamp("created_at").defaultNow().notNull(),
});

export const toolCalls = pgTable("tool_calls", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  parentId: integer("parent_id"),
  toolName: varchar("tool_name", { length: 128 }).notNull(),
  status: varchar({ length: 32 }).default("started").notNull(),
  input: jsonb().notNull(),
  output: jsonb(),
  error: text(),
  durationMs: integer("duration_ms"),
  startedAt: timestamp("started_at").defaultNow().notNull(),
  completedAt: timestamp("completed_at"),
}, (table) => [foreignKey({ columns: [table.parentId], foreignColumns: [table.id] })]);

export const decisionLog = pgTable("decision_log", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  cycleId: integer("cycle_id"),
  reasoning: jsonb().notNull(),
  decision: text().notNull(),
  createdAt: timestamp("created_at").defaultNow().notNull(),
});

export const planningCycles = pgTable("planning_cycles", {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  parentId: integer("parent_id"),
  goals: jsonb().notNull(),
  status: varchar({ length: 32 }).default("active").notNull(),
  outcomes: jsonb(),
  startedAt: timestamp("started_at").defaultNow().notNull(),
  completedAt: timestamp("completed_at"),
}, (table) => [foreignKey({ columns: [table.parentId], foreignColumns: [table.id] })]);
