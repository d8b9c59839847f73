#!/bin/sh
# The anchor of a first deployment: what a person would do by hand on a bare Debian, with the same packages and images. Nothing
# is guarded, tuned, proven or kept for the next time.
# Usage: first.sh PACKAGE ...; /root holds images.tar and the folder migrations
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends -y "$@" >/dev/null
docker load --quiet --input /root/images.tar
docker run --detach --name postgres --restart unless-stopped --publish 127.0.0.1:5432:5432 --volume postgres:/var/lib/postgresql/data \
	--env POSTGRES_PASSWORD=by-hand --env POSTGRES_DB=jarvis jarvis-test/postgres:16
docker run --detach --name redis --restart unless-stopped --publish 127.0.0.1:6379:6379 --volume redis:/data jarvis-test/redis:7
until docker exec postgres pg_isready --quiet --host 127.0.0.1; do sleep 0.2; done
psql='docker exec -i postgres psql -q -v ON_ERROR_STOP=1 -U postgres -d jarvis'
$psql <<'SQL'
CREATE ROLE jarvis_owner NOLOGIN;
CREATE ROLE jarvis LOGIN PASSWORD 'by-hand';
CREATE ROLE jarvis_readonly LOGIN PASSWORD 'by-hand';
ALTER DATABASE jarvis OWNER TO jarvis_owner;
SQL
for file in /root/migrations/*.sql; do
	one=--single-transaction
	if grep -q '^-- no-transaction' "$file"; then one=''; fi
	# shellcheck disable=SC2086 # an empty option is none
	{ echo 'SET ROLE jarvis_owner;' && cat "$file"; } | $psql $one -f -
done
until docker exec redis redis-cli -e ping >/dev/null; do sleep 0.2; done
