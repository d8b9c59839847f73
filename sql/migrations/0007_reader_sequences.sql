-- A reader's pg_dump reads the state of the sequences, too, so that a restored copy goes on counting where this one is.

GRANT SELECT
ON SEQUENCE public.agent_state_id_seq, public.memory_facts_id_seq, public.tool_calls_id_seq, public.decision_log_id_seq,
public.planning_cycles_id_seq
TO jarvis_readonly;
