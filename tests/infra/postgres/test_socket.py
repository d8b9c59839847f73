"""Applications on the host reach the server by a socket, each with its password; nobody is the superuser there."""

from __future__ import annotations

FOLDER = "/var/lib/jarvis/sockets/postgres"
NOBODY = 65534


def log_in(settings, user_id, logins):
    """Return who logs in as which role, or why not, as a user of the host in the group of the applications.

    C(logins) are (variable, role); the role and the password of the address itself where there is none.
    """
    import grp
    import os
    from urllib.parse import urlsplit

    import psycopg2

    os.setgroups([])
    os.setgid(grp.getgrnam("jarvis").gr_gid)
    os.setuid(user_id)
    answers = []
    for variable, role in logins:
        own, _, _ = urlsplit(settings[variable]).netloc.rpartition("@")
        try:
            connection = psycopg2.connect(settings[variable].replace(f"//{own}@", f"//{role or own}@"))
            answers.append(connection.info.user)
        except psycopg2.OperationalError as error:
            # Its own clients may hold all that it may have; its password was taken before that is looked at.
            if not role and "too many connections for role" not in str(error):
                raise
            answers.append(str(error))
    return answers


def test_every_client_logs_in_by_the_socket_with_its_own_address(on_host, sockets):
    names = sorted(sockets["postgres"])
    answers = on_host(log_in, NOBODY, [(sockets["postgres"][name], "") for name in names])
    refused = [answer for name, answer in zip(names, answers, strict=True) if answer != name]
    assert [answer for answer in refused if "too many connections for role" not in answer] == []


def test_superuser_is_refused_there(on_host, sockets):
    # One address is enough, since whoever is refused is written down in the server's log.
    addresses = [*sockets["postgres"].values()][:1]
    answers = on_host(log_in, NOBODY, [(variable, "postgres") for variable in addresses])
    assert [answer for answer in answers if 'Peer authentication failed for user "postgres"' not in answer] == []


def test_user_with_the_number_of_the_servers_own_does_not_come_to_the_socket(host, on_host, sockets):
    own = int(host.check_output("stat -c %u " + FOLDER))
    answers = on_host(log_in, own, [(variable, "postgres") for variable in sockets["postgres"].values()])
    assert [answer for answer in answers if "Permission denied" not in answer] == []


def test_there_is_a_socket_exactly_where_addresses_say_so(host, sockets):
    found = host.run(f"test -S {FOLDER}/.s.PGSQL.5432").rc == 0
    assert found == bool(sockets["postgres"])


def test_each_client_is_asked_for_its_password_and_only_the_administrator_is_not(admin_sql, database, sockets):
    admitted = admin_sql(
        "SELECT DISTINCT u, d, auth_method FROM pg_hba_file_rules, unnest(database) AS d, unnest(user_name) AS u"
        " WHERE type = 'local' AND auth_method <> 'reject' ORDER BY 1, 2"
    )
    administration = [
        ["jarvis_migrator", "/^jarvis_shadow_[0-9a-f]{16}$", "peer"],
        ["jarvis_migrator", database, "peer"],
        ["postgres", "all", "peer"],
    ]
    assert sorted(admitted) == sorted(
        administration + [[name, database, "scram-sha-256"] for name in sockets["postgres"]]
    )
    assert sorted(admin_sql("SELECT sys_name, pg_username FROM pg_ident_file_mappings")) == [
        ["postgres", "postgres"],
        ["root", "jarvis_migrator"],
        ["root", "postgres"],
    ]
