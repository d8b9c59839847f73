-- Finds out what the configuration files contain that the running server does not have yet, and what is wrong in them.
-- Certificates may keep an old time of modification when they are copied, so the time at which a file's entry changed
-- is used. It has whole seconds only, so a file that changed in the second of the last load counts as newer.
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
    -- A line that has a type was understood. Its error only says that encryption is still off.
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
),

-- The lines that a real run would write or remove, for a preview.
texts AS (
    SELECT
        setting_name,
        pg_read_file(current_setting(setting_name)) AS present_text,
        wanted_text
    FROM (
        VALUES
        ('config_file', %(config_file)s::text), ('hba_file', %(hba_file)s::text), ('ident_file', %(ident_file)s::text)
    ) AS given (setting_name, wanted_text)
),

present_lines AS (
    SELECT
        setting_name,
        unnest(string_to_array(present_text, E'\n')) AS entry
    FROM texts
),

wanted_lines AS (
    SELECT
        setting_name,
        unnest(string_to_array(wanted_text, E'\n')) AS entry
    FROM texts
),

-- Sockets that somebody removed, or that lie in a folder which came after the server's start.
lost_sockets AS (
    SELECT 'its socket ' || socket_path AS lost
    FROM (
        SELECT
            trim(unnest(string_to_array(current_setting('unix_socket_directories'), ',')))
            || '/.s.PGSQL.' || current_setting('port') AS socket_path
    ) AS sockets
    WHERE pg_stat_file(socket_path, missing_ok => TRUE) IS NULL
),

unwritten AS (
    SELECT split_part(coalesce(w.entry, p.entry), ' = ', 1) AS changed_setting
    FROM present_lines AS p
    FULL OUTER JOIN wanted_lines AS w ON p.setting_name = w.setting_name AND p.entry = w.entry
    WHERE p.entry IS NULL OR w.entry IS NULL
)

SELECT
    current_setting('server_version') AS running_version,
    (SELECT coalesce(string_agg(problem, '; '), '') FROM rejected) AS problems,
    (
        SELECT bool_or((found).change >= date_trunc('second', pg_conf_load_time()))
        FROM files
    ) OR EXISTS (SELECT FROM unwritten) AS reload_needed,
    (
        SELECT coalesce(string_agg(reason, ', '), '')
        FROM (
            SELECT name AS reason
            FROM pg_settings
            WHERE pending_restart OR (context = 'postmaster' AND name IN (SELECT u.changed_setting FROM unwritten AS u))
            UNION ALL
            SELECT lost AS reason FROM lost_sockets
        ) AS reasons
    ) AS restart_needed_by;
