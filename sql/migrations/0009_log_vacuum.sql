-- Logs are vacuumed in small portions, and every row once.
--
-- A row of a log is frozen when it is vacuumed first: it never changes, and would have to be read and
-- written again otherwise. By default that is left for later, and a log is vacuumed when a fifth was
-- added: two million rows at once at ten million, from pages that left memory long ago. 10,000 rows are
-- 120 pages, and mostly of the checkpoint in which they were written, so that the WAL gets no copies of
-- them. bench/README.md has the figures.
--
-- Statistics, and tool_calls_open, keep the server's own limits.
-- Nobody waits for these locks but another vacuum.

ALTER TABLE public.tool_calls SET (
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_freeze_min_age = 0
);
ALTER TABLE public.decision_log SET (
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_freeze_min_age = 0
);
ALTER TABLE public.planning_cycles SET (
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_freeze_min_age = 0
);
