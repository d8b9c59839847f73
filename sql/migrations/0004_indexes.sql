-- What people ask of logs, each with the one index that answers it. bench/README.md shows the plans
-- on a million rows and what every index costs an insert.

-- What happened lately, or in this hour?
CREATE INDEX tool_calls_started_at_idx ON public.tool_calls (started_at);
CREATE INDEX decision_log_created_at_idx ON public.decision_log (created_at);
CREATE INDEX planning_cycles_started_at_idx ON public.planning_cycles (started_at);

-- What did this tool do, latest first?
CREATE INDEX tool_calls_tool_name_started_at_idx ON public.tool_calls (tool_name, started_at);

-- Which decisions belong to this cycle? (Decisions outside a cycle are not in the index.)
CREATE INDEX decision_log_cycle_id_idx
ON public.decision_log (cycle_id)
WHERE cycle_id IS NOT NULL;

-- Which calls are still open? Starts are found here and completions in the unique index on parent_id,
-- both in the order of their numbers, so that no completion is read from the table.
CREATE INDEX tool_calls_open_idx
ON public.tool_calls (id)
WHERE parent_id IS NULL AND completed_at IS NULL;

-- What is known of this subject now? A hash index, because a subject may be longer than a btree
-- entry can be (2704 bytes), and an insert must not fail for that.
CREATE INDEX memory_facts_current_subject_idx
ON public.memory_facts USING hash (subject)
WHERE NOT is_stale;
