"""Applications on the host reach the server by a socket, each with its password; nobody is the superuser there."""

from __future__ import annotations

from questions import client, superuser

FOLDER = "/var/lib/jarvis/sockets/postgres"


def logged_in(settings, role, is_server, sockets):
    """Return {variable: who logged in with the address, or why nobody}, as a user of the host in the group jarvis.

    That user has the number of the server's own if C(is_server). C(role) takes the place of the address' own login. The
    server logs whom it refuses, so this is tried with one address alone.
    """
    import grp
    import os
    from urllib.parse import urlsplit

    import psycopg2

    user = os.stat("/var/lib/jarvis/sockets/postgres").st_uid if is_server else 65534
    os.setgroups([])
    os.setgid(grp.getgrnam("jarvis").gr_gid)
    os.setuid(user)
    found = {}
    for variable, address in list(sockets.items())[: 1 if role else None]:
        own, _, _ = urlsplit(address).netloc.rpartition("@")
        try:
            connection = psycopg2.connect(address.replace(f"//{own}@", f"//{role or own}@"))
            found[variable] = connection.info.user
        except psycopg2.OperationalError as error:
            # Its own clients may hold all its connections; the server accepted the password before it counted them.
            if not role and "too many connections for role" not in str(error):
                raise
            found[variable] = str(error)
    return found


of_clients = client(logged_in, "", False)
of_superuser = client(logged_in, "postgres", False)
of_the_servers_number = client(logged_in, "postgres", True)
rules_for_sockets = superuser(
    "SELECT DISTINCT u, CASE d WHEN current_database() THEN 'ours' ELSE d END, auth_method"
    " FROM pg_hba_file_rules, unnest(database) AS d, unnest(user_name) AS u"
    " WHERE type = 'local' AND auth_method <> 'reject'"
)
known_by_number = superuser("SELECT sys_name, pg_username FROM pg_ident_file_mappings")


def test_every_client_logs_in_by_the_socket_with_its_own_address(of_clients, socket_accounts):
    names = {variable: name for name, variable in socket_accounts["postgres"].items()}
    assert set(of_clients) == set(names)
    refused = [found for variable, found in of_clients.items() if found != names[variable]]
    assert [why for why in refused if "too many connections for role" not in why] == []


def test_superuser_is_refused_there(of_superuser):
    assert [why for why in of_superuser.values() if 'Peer authentication failed for user "postgres"' not in why] == []


def test_user_with_the_number_of_the_servers_own_does_not_come_to_the_socket(of_the_servers_number):
    assert [why for why in of_the_servers_number.values() if "Permission denied" not in why] == []


def test_there_is_a_socket_exactly_where_addresses_say_so(host, socket_accounts):
    found = host.run(f"test -S {FOLDER}/.s.PGSQL.5432").rc == 0
    assert found == bool(socket_accounts["postgres"])


def test_each_client_is_asked_for_its_password_and_only_the_administrator_is_not(
    rules_for_sockets, known_by_number, socket_accounts
):
    administration = [
        ["jarvis_migrator", "/^jarvis_shadow_[0-9a-f]{16}$", "peer"],
        ["jarvis_migrator", "ours", "peer"],
        ["postgres", "all", "peer"],
    ]
    clients = [[name, "ours", "scram-sha-256"] for name in socket_accounts["postgres"]]
    assert sorted(rules_for_sockets) == sorted(administration + clients)
    assert sorted(known_by_number) == [["postgres", "postgres"], ["root", "jarvis_migrator"], ["root", "postgres"]]
