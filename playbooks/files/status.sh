#!/bin/sh
# Print the containers of ours, a line each, how much room their data takes, and which ids near their end. The names of the
# containers come as one|another.
set -eu
if ! command -v docker >/dev/null; then
	echo 'no Docker is here; ./jarvis deploy installs it'
	exit
fi
containers=$(docker ps --all --filter "name=^($1)\$" \
	--format '{{.Names}}: {{.Status}}, {{.Image}}, {{.Ports}}')
echo "${containers:-no container of ours is here}"
for folder in /var/lib/jarvis/*; do
	if [ -d "$folder/data" ]; then
		echo "$folder: $(du -sh "$folder" | cut -f 1)"
	fi
done

# Ask a database as the superuser. With an empty search path, nothing that the application has made in public is called. The
# time limits are for a server that hangs.
query() {
	docker exec --env PGDATABASE="$1" --env PGCONNECT_TIMEOUT=5 --env PGOPTIONS='-c search_path= -c statement_timeout=5s' \
		jarvis-postgres psql --no-psqlrc --username=postgres --set=ON_ERROR_STOP=1 --no-align --tuples-only --command="$2" 2>&1
}

# The script does not know which database is ours, so it looks into each. One in which the schema is being rehearsed is left
# out by its connection limit.
admitting="SELECT datname FROM pg_catalog.pg_database
	WHERE datallowconn AND NOT datistemplate AND datconnlimit <> 0 ORDER BY datname"

# Which ids have used more than half of their numbers. The column's type is the limit where the sequence's own is wider.
nearly_used="WITH ids AS (
	SELECT
		t.relname,
		a.attname,
		pg_catalog.pg_sequence_last_value(s.seqrelid)::pg_catalog.numeric AS used,
		least(s.seqmax, CASE a.atttypid
			WHEN 'pg_catalog.int2'::pg_catalog.regtype THEN 32767
			WHEN 'pg_catalog.int4'::pg_catalog.regtype THEN 2147483647
		END) AS available
	FROM pg_catalog.pg_sequence AS s
	JOIN pg_catalog.pg_depend AS d
		ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i')
	JOIN pg_catalog.pg_class AS t ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND t.oid = d.refobjid
	JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
	JOIN pg_catalog.pg_roles AS r ON r.oid = t.relowner
	WHERE r.rolname = 'jarvis_owner' AND t.relnamespace = 'public'::pg_catalog.regnamespace
)

SELECT pg_catalog.format('WARNING: public.%I.%I of the database %I has used %s %% of its numbers (%s of %s). After the last '
	'one, no row can be inserted. A migration makes it bigint: docs/operations.md, \"An id nears its end\"',
	relname, attname, pg_catalog.current_database(), pg_catalog.floor(100 * used / available), used, available)
FROM ids
WHERE used > available / 2
ORDER BY relname, attname"

look_at_ids() {
	databases=$(query postgres "$admitting") || {
		echo "$databases"
		return 1
	}
	printf '%s\n' "$databases" | while IFS= read -r database; do
		query "$database" "$nearly_used" || exit 1
	done
}

if [ "$(docker ps --quiet --filter 'name=^jarvis-postgres$')" ]; then
	ids=$(look_at_ids) || ids="WARNING: jarvis-postgres could not be asked how many numbers its ids have used: $ids"
	[ -z "$ids" ] || echo "$ids"
fi
