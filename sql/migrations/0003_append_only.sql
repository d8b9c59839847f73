-- tool_calls, decision_log and planning_cycles are logs: rows are added and never change.
--
-- Privileges alone do not stop the owner or a superuser, and must not: foreign-key checks run as
-- the owner. So a trigger refuses. It is a statement trigger, because TRUNCATE passes row triggers,
-- and ENABLE ALWAYS, because session_replication_role = replica silences all others.

CREATE FUNCTION public.refuse_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '% on %.% refused: the table is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
              HINT = TG_ARGV[0];
END
$$;

CREATE TRIGGER tool_calls_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON public.tool_calls
FOR EACH STATEMENT
EXECUTE FUNCTION public.refuse_change(
    'To complete a call, insert a second row whose parent_id is the id of the first.'
);
ALTER TABLE public.tool_calls ENABLE ALWAYS TRIGGER tool_calls_append_only;

CREATE TRIGGER planning_cycles_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON public.planning_cycles
FOR EACH STATEMENT
EXECUTE FUNCTION public.refuse_change(
    'To complete a cycle, insert a second row whose parent_id is the id of the first.'
);
ALTER TABLE public.planning_cycles ENABLE ALWAYS TRIGGER planning_cycles_append_only;

CREATE TRIGGER decision_log_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON public.decision_log
FOR EACH STATEMENT
EXECUTE FUNCTION public.refuse_change(
    'To correct a decision, insert a new row that says so.'
);
ALTER TABLE public.decision_log ENABLE ALWAYS TRIGGER decision_log_append_only;
