"""drizzle-kit, the old setup's tool, migrates the agent's own tables. Even its worst answer changes none of ours."""

from __future__ import annotations

import pytest

CONFIG = """
export default {
  dialect: "postgresql", schema: "./schema.js", out: "./drizzle", dbCredentials: { url: process.env.DATABASE_URL },
};
"""
OWN = """
import { integer, pgTable, text } from "drizzle-orm/pg-core";
export const notes = pgTable("drizzle_notes", { id: integer().primaryKey().generatedAlwaysAsIdentity(), body: text() });
"""
# One of our tables without its columns, and none of the others: push would drop the rest.
WORST = """
import { integer, pgTable } from "drizzle-orm/pg-core";
export const state = pgTable("agent_state", { id: integer().primaryKey().generatedAlwaysAsIdentity() });
"""


@pytest.fixture
def drizzle_kit(node, on_host):
    """Return a function that runs drizzle-kit on a schema."""
    folder = node / "kit"
    folder.mkdir(exist_ok=True)
    (folder / "drizzle.config.js").write_text(CONFIG)

    def run(schema, *words):
        (folder / "schema.js").write_text(schema)
        return on_host(node / "node_modules/.bin/drizzle-kit", *words, cwd=folder)

    return run


def test_migrations_of_the_agents_own_tables_are_applied(host, drizzle_kit):
    assert drizzle_kit(OWN, "generate").returncode == 0
    assert drizzle_kit(OWN, "migrate").returncode == 0
    assert host.sql("SELECT tableowner FROM pg_tables WHERE tablename = 'drizzle_notes'") == "jarvis"
    assert host.sql("SELECT count(*) FROM drizzle.__drizzle_migrations") == "1"


def test_push_with_its_worst_answer_changes_nothing_of_ours(host, drizzle_kit, play):
    host.sql("INSERT INTO public.agent_state (key, value) VALUES ('push', '1')")
    drizzle_kit(WORST, "push", "--force")
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'push'") == "1"
    assert play("playbooks/verify.yml").code == 0
