"""An image with pgvector, whose server has another user than the old image's, keeps the data and brings the type."""

from __future__ import annotations

# A stand-in for pgvector's image: what matters here is where an extension comes from, not what it computes.
DOCKERFILE = r"""
FROM jarvis-test/postgres:16
USER root
RUN sed -i 's/^postgres:x:[0-9]*:[0-9]*:/postgres:x:1999:1999:/' /etc/passwd
RUN sed -i 's/^postgres:x:[0-9]*:/postgres:x:1999:/' /etc/group
RUN folder=$(dirname "$(find / -xdev -name amcheck.control)") \
 && printf "default_version = '0.8.0'\nrelocatable = true\ntrusted = true\n" > "$folder/vector.control" \
 && printf "CREATE DOMAIN vector AS real[];\n" > "$folder/vector--0.8.0.sql"
"""
IMAGE = "pgvector/pgvector:pg16"
SOCKET = "/var/lib/jarvis/sockets/postgres/.s.PGSQL.5432"
EXTENSIONS = ["amcheck", "pg_stat_statements", "vector"]


def test_image_with_vectors_takes_the_data_over(deploy, host):
    assert deploy().code == 0
    host.sql("INSERT INTO public.agent_state (key, value) VALUES ('vectors', '1')")
    user = "docker exec jarvis-postgres id -u"
    before = host.out(user)
    host.run(f"mkdir -p /root/vector && cat > /root/vector/Dockerfile <<'EOF'\n{DOCKERFILE}EOF")
    host.run(f"DOCKER_BUILDKIT=0 docker build -t {IMAGE} /root/vector")
    run = deploy(images_source="registry", images_postgres=IMAGE, postgres_extensions=EXTENSIONS)
    assert run.code == 0
    assert (before, host.out(user)) == (before, "1999")
    assert before != "1999"
    # Whoever has the number of the server's user does not come to its socket; the one before is a number as any other.
    comes = {
        number: host.run(
            f"setpriv --reuid {number} --regid jarvis --clear-groups test -S {SOCKET}", check=False
        ).returncode
        == 0
        for number in (before, "1999")
    }
    assert comes == {before: True, "1999": False}
    assert host.sql("SELECT count(*) FROM public.agent_state WHERE key = 'vectors'") == "1"
    again = deploy(images_source="registry", images_postgres=IMAGE, postgres_extensions=EXTENSIONS)
    assert (again.code, again.count("changed")) == (0, 0)


def test_application_uses_the_type_without_its_schema_and_asks_for_it_in_vain(host):
    asked = "CREATE EXTENSION IF NOT EXISTS vector"
    script = f"{asked}; CREATE TABLE memories (body vector); INSERT INTO memories VALUES ('{{1,2}}')"
    psql = f'docker exec -e DATABASE_URL jarvis-postgres psql "$DATABASE_URL" -c "{script}"'
    host.run(f"set -a; . /etc/jarvis/jarvis.env; {psql}")
    assert host.sql("SELECT count(*) FROM public.memories") == "1"
    assert host.sql("SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'vector'") == "extensions"
