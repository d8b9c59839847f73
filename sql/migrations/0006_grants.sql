-- Who may do what. Nobody by default: PUBLIC has nothing, here and on what later files create.

REVOKE ALL ON SCHEMA public FROM public;
REVOKE ALL ON FUNCTION public.refuse_change() FROM public;
REVOKE ALL ON FUNCTION public.tool_calls_check_completion() FROM public;
REVOKE ALL ON FUNCTION public.planning_cycles_check_completion() FROM public;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM public;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM public;

-- The agent makes its own tables at run time and owns them. It owns none of ours: it cannot alter or
-- drop them, nor touch their triggers. Identity columns need no right on their sequences.
GRANT USAGE, CREATE ON SCHEMA public TO jarvis;

-- State is upserted and may go. Facts become stale, but are not deleted. Logs only grow.
GRANT SELECT, INSERT, UPDATE, DELETE ON public.agent_state TO jarvis;
GRANT SELECT, INSERT, UPDATE ON public.memory_facts TO jarvis;
GRANT SELECT, INSERT ON public.tool_calls, public.decision_log, public.planning_cycles TO jarvis;
GRANT SELECT ON public.tool_call_history, public.open_tool_calls, public.planning_cycle_history TO jarvis;

GRANT USAGE ON SCHEMA public TO jarvis_readonly;
GRANT SELECT
ON public.agent_state, public.memory_facts, public.tool_calls, public.decision_log, public.planning_cycles,
public.tool_call_history, public.open_tool_calls, public.planning_cycle_history
TO jarvis_readonly;
