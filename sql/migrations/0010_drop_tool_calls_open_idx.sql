-- no-transaction
-- Nobody asks this index since open_tool_calls does not, and every start pays for it. A file of its own:
-- in a transaction it would need a lock that every reader holds, a dump for as long as it takes.
DROP INDEX CONCURRENTLY IF EXISTS public.tool_calls_open_idx;
