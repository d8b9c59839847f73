-- A call or a cycle is two rows: the start, and a completion whose parent_id names the start.
--
-- The old setup left this to the agent's code. Here the database holds it: at most one completion
-- a start, its parent is a start row, and it repeats the parent's tool_name and input (goals for a
-- cycle): those columns are NOT NULL, so a completion has to say something there, and each row alone
-- tells which tool ran with what. Words in status are the agent's business: no closed list. Rows
-- never change, so what was checked once stays true.

-- The unique indexes also serve the foreign keys, which PostgreSQL does not index by itself.
CREATE UNIQUE INDEX tool_calls_parent_id_unique
ON public.tool_calls (parent_id)
WHERE parent_id IS NOT NULL;

CREATE UNIQUE INDEX planning_cycles_parent_id_unique
ON public.planning_cycles (parent_id)
WHERE parent_id IS NOT NULL;

-- A missing parent is refused here and not left to the foreign key: that one is checked after the
-- statement, when two rows that name each other already see each other.
-- The search path is fixed, because the agent may create functions and operators in public.
CREATE FUNCTION public.tool_calls_check_completion() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start public.tool_calls;
BEGIN
    SELECT * INTO start FROM public.tool_calls WHERE id = NEW.parent_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tool call % does not exist, so it cannot be completed', NEW.parent_id
            USING ERRCODE = 'foreign_key_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'parent_id',
                  CONSTRAINT = 'tool_calls_parent_id_tool_calls_id_fk';
    END IF;
    IF start.parent_id IS NOT NULL THEN
        RAISE EXCEPTION 'tool call % is a completion itself, so it cannot be completed', NEW.parent_id
            USING ERRCODE = 'check_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'parent_id',
                  HINT = format('parent_id must name the start row, which is %s.', start.parent_id);
    END IF;
    IF NEW.tool_name IS DISTINCT FROM start.tool_name THEN
        RAISE EXCEPTION 'tool call % was started by the tool "%", not "%"',
            NEW.parent_id, start.tool_name, NEW.tool_name
            USING ERRCODE = 'check_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'tool_name',
                  HINT = 'A completion repeats the tool_name and the input of its start row.';
    END IF;
    -- The message does not show the inputs, which may be long.
    IF NEW.input IS DISTINCT FROM start.input THEN
        RAISE EXCEPTION 'tool call % was started with another input', NEW.parent_id
            USING ERRCODE = 'check_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'input',
                  HINT = 'A completion repeats the tool_name and the input of its start row; what came out is its output.';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION public.planning_cycles_check_completion() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start public.planning_cycles;
BEGIN
    SELECT * INTO start FROM public.planning_cycles WHERE id = NEW.parent_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'planning cycle % does not exist, so it cannot be completed', NEW.parent_id
            USING ERRCODE = 'foreign_key_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'parent_id',
                  CONSTRAINT = 'planning_cycles_parent_id_planning_cycles_id_fk';
    END IF;
    IF start.parent_id IS NOT NULL THEN
        RAISE EXCEPTION 'planning cycle % is a completion itself, so it cannot be completed', NEW.parent_id
            USING ERRCODE = 'check_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'parent_id',
                  HINT = format('parent_id must name the start row, which is %s.', start.parent_id);
    END IF;
    IF NEW.goals IS DISTINCT FROM start.goals THEN
        RAISE EXCEPTION 'planning cycle % was started with other goals', NEW.parent_id
            USING ERRCODE = 'check_violation',
                  SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'goals',
                  HINT = 'A completion repeats the goals of its start row; what became of them is its outcomes.';
    END IF;
    RETURN NEW;
END
$$;

-- Only completions pay for the look-up: the condition is tested before the function is called.
CREATE TRIGGER tool_calls_check_completion
BEFORE INSERT ON public.tool_calls
FOR EACH ROW
WHEN (new.parent_id IS NOT NULL)
EXECUTE FUNCTION public.tool_calls_check_completion();

CREATE TRIGGER planning_cycles_check_completion
BEFORE INSERT ON public.planning_cycles
FOR EACH ROW
WHEN (new.parent_id IS NOT NULL)
EXECUTE FUNCTION public.planning_cycles_check_completion();
