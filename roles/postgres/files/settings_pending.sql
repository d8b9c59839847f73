-- What the configuration files hold that the running server does not have yet, and what is wrong with them.
-- A certificate may be put there with the time of its making, so what counts is when a file's entry last changed.
-- File times have whole seconds, so a file of the same second as the last load counts as newer.
WITH file_settings AS MATERIALIZED (
    SELECT
        name,
        error
    FROM pg_file_settings
),

rejected AS (
    SELECT f.name || ': ' || f.error AS problem
    FROM file_settings AS f
    LEFT JOIN pg_settings AS s ON f.name = s.name
    WHERE f.error IS NOT NULL AND NOT coalesce(s.pending_restart, FALSE)
    UNION ALL
    SELECT 'pg_hba.conf line ' || line_number || ': ' || error AS problem
    FROM pg_hba_file_rules
    -- A line with a type was understood: what it reports is that encryption is off as yet.
    WHERE error IS NOT NULL AND type IS NULL
    UNION ALL
    SELECT 'pg_ident.conf line ' || line_number || ': ' || error AS problem
    FROM pg_ident_file_mappings
    WHERE error IS NOT NULL
),

files AS (
    SELECT pg_stat_file(current_setting(setting_name), missing_ok => TRUE) AS found
    FROM (
        VALUES ('config_file'), ('hba_file'), ('ident_file'), ('ssl_cert_file'), ('ssl_key_file')
    ) AS known (setting_name)
)

SELECT
    current_setting('server_version') AS running_version,
    (SELECT coalesce(string_agg(problem, '; '), '') FROM rejected) AS problems,
    (
        SELECT bool_or((found).change >= date_trunc('second', pg_conf_load_time()))
        FROM files
    ) AS reload_needed,
    (
        SELECT coalesce(string_agg(name, ', '), '')
        FROM pg_settings
        WHERE pending_restart
    ) AS restart_needed_by;
