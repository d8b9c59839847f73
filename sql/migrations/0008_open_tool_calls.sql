-- open_tool_calls costs what is open, and not what was ever called.
--
-- Whether a call is open stands in another row than the call, or in none, so no index of the log can
-- hold it, and a log row is never updated. A scan of both indexes in order grows with the log, and an
-- index that covers the view makes it no faster; a window of time is flat, and does not see the call
-- that has hung since yesterday. So triggers keep the ids of open calls in a small table.
--
-- It says where to look and no more: the view asks the log itself of each. An id too many is no open
-- call, therefore; one that is missing would be hidden, so nobody takes any away by hand. It holds ids
-- alone, since inputs may be long and would be written twice. The triggers are those of rows, for a
-- subscriber of logical replication fires no others. bench/README.md has the figures.
--
-- Who inserts into tool_calls waits from the first of its triggers below until the file is done: a
-- quarter of a second at a million rows. Who reads it does not wait.

CREATE TABLE public.tool_calls_open (
    id integer PRIMARY KEY
);
GRANT SELECT ON public.tool_calls_open TO jarvis, jarvis_readonly;

-- These two run as the owner, since the application may only read the table. After the row, because a
-- BEFORE trigger also fires for a row that ON CONFLICT DO NOTHING leaves out. An id is there already
-- when the log was restored from an older dump, whose sequence gives the same numbers again.
CREATE FUNCTION public.tool_calls_open_add() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO public.tool_calls_open (id) VALUES (NEW.id) ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END
$$;

-- A session keeps its plan: one made while the table was a page would read all of it for every
-- completion after it has grown.
CREATE FUNCTION public.tool_calls_open_remove() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    DELETE FROM public.tool_calls_open WHERE id = NEW.parent_id;
    RETURN NULL;
END
$$;

-- What is written by hand is written in no trigger. A restore of data alone brings ids that the triggers
-- of tool_calls have added already: they are left out, and are no error.
CREATE FUNCTION public.tool_calls_open_by_hand() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION '% on public.tool_calls_open refused: triggers of public.tool_calls keep it', TG_OP
            USING ERRCODE = 'restrict_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                  HINT = 'To complete a call, insert a second row into tool_calls that names the first as parent_id.';
    END IF;
    IF EXISTS (SELECT FROM public.tool_calls_open WHERE id = NEW.id) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER tool_calls_open_insert
BEFORE INSERT ON public.tool_calls_open
FOR EACH ROW
WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION public.tool_calls_open_by_hand();
ALTER TABLE public.tool_calls_open ENABLE ALWAYS TRIGGER tool_calls_open_insert;

CREATE TRIGGER tool_calls_open_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON public.tool_calls_open
FOR EACH STATEMENT
WHEN (pg_trigger_depth() = 0)
EXECUTE FUNCTION public.tool_calls_open_by_hand();
ALTER TABLE public.tool_calls_open ENABLE ALWAYS TRIGGER tool_calls_open_change;

CREATE TRIGGER tool_calls_open_add
AFTER INSERT ON public.tool_calls
FOR EACH ROW
WHEN (new.parent_id IS NULL AND new.completed_at IS NULL)
EXECUTE FUNCTION public.tool_calls_open_add();
ALTER TABLE public.tool_calls ENABLE ALWAYS TRIGGER tool_calls_open_add;

CREATE TRIGGER tool_calls_open_remove
AFTER INSERT ON public.tool_calls
FOR EACH ROW
WHEN (new.parent_id IS NOT NULL)
EXECUTE FUNCTION public.tool_calls_open_remove();
ALTER TABLE public.tool_calls ENABLE ALWAYS TRIGGER tool_calls_open_remove;

-- Whatever is in the log by now is seen here: the triggers' lock keeps further rows out until the end.
INSERT INTO public.tool_calls_open (id)
SELECT s.id
FROM public.tool_calls AS s
WHERE
    s.parent_id IS NULL
    AND s.completed_at IS NULL
    AND NOT EXISTS (
        SELECT FROM public.tool_calls AS c
        WHERE c.parent_id = s.id
    );

-- Last, since who reads the view waits from here to the end, which is a moment.
-- OFFSET 0 keeps the subquery one, which is look-ups in two indexes for each id. Joined, the planner
-- reads all of tool_calls as soon as it takes tool_calls_open for large, as it does before a vacuum.
CREATE OR REPLACE VIEW public.open_tool_calls AS
SELECT
    o.id,
    s.tool_name,
    s.status,
    s.input,
    s.started_at
FROM public.tool_calls_open AS o
CROSS JOIN LATERAL (
    SELECT
        t.tool_name,
        t.status,
        t.input,
        t.started_at
    FROM public.tool_calls AS t
    WHERE
        t.id = o.id
        AND t.parent_id IS NULL
        AND t.completed_at IS NULL
        AND NOT EXISTS (
            SELECT FROM public.tool_calls AS c
            WHERE c.parent_id = t.id
        )
    OFFSET 0 -- noqa: AM09
) AS s;
