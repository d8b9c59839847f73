-- The two rows of a call or a cycle, read as one. Views of the owner: whoever may read them needs no
-- right on the tables.

-- A call that was written as one finished row (completed_at is set) counts as complete, too.
CREATE VIEW public.tool_call_history AS
SELECT
    s.id,
    c.id AS completion_id,
    s.tool_name,
    s.input,
    CASE
        WHEN c.id IS NOT NULL THEN c.status
        WHEN s.completed_at IS NOT NULL THEN s.status
    END AS outcome,
    coalesce(c.output, s.output) AS output,
    coalesce(c.error, s.error) AS error,
    s.started_at,
    coalesce(c.completed_at, s.completed_at) AS completed_at,
    coalesce(
        c.duration_ms::bigint,
        s.duration_ms::bigint,
        (extract(EPOCH FROM coalesce(c.completed_at, s.completed_at) - s.started_at) * 1000)::bigint
    ) AS duration_ms
FROM public.tool_calls AS s
LEFT JOIN public.tool_calls AS c ON s.id = c.parent_id
WHERE s.parent_id IS NULL;

CREATE VIEW public.open_tool_calls AS
SELECT
    s.id,
    s.tool_name,
    s.status,
    s.input,
    s.started_at
FROM public.tool_calls AS s
WHERE
    s.parent_id IS NULL
    AND s.completed_at IS NULL
    AND NOT EXISTS (
        SELECT FROM public.tool_calls AS c
        WHERE c.parent_id = s.id
    );

CREATE VIEW public.planning_cycle_history AS
SELECT
    s.id,
    c.id AS completion_id,
    s.goals,
    CASE
        WHEN c.id IS NOT NULL THEN c.status
        WHEN s.completed_at IS NOT NULL THEN s.status
    END AS outcome,
    coalesce(c.outcomes, s.outcomes) AS outcomes,
    s.started_at,
    coalesce(c.completed_at, s.completed_at) AS completed_at,
    (extract(EPOCH FROM coalesce(c.completed_at, s.completed_at) - s.started_at) * 1000)::bigint AS duration_ms
FROM public.planning_cycles AS s
LEFT JOIN public.planning_cycles AS c ON s.id = c.parent_id
WHERE s.parent_id IS NULL;
