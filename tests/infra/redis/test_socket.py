"""Applications on the host reach the server by a socket, each with its password."""

from __future__ import annotations

FOLDER = "/var/lib/jarvis/sockets/redis"
NOBODY = 65534


def ping(settings, user_id, logins):
    """Return the server's answers, or why there is none, to a user of the host in the group of the applications.

    C(logins) are (variable, user and password); those of the address itself where there are none.
    """
    import grp
    import os
    from urllib.parse import urlsplit

    import redis

    os.setgroups([])
    os.setgid(grp.getgrnam("jarvis").gr_gid)
    os.setuid(user_id)
    answers = []
    for variable, other in logins:
        own, _, _ = urlsplit(settings[variable]).netloc.rpartition("@")
        address = settings[variable].replace(f"//{own}@", f"//{other or own}@")
        try:
            redis.Redis.from_url(address).ping()
            answers.append("accepted")
        except redis.RedisError as error:
            # Whoever is in may be forbidden even this.
            if not other and "NOPERM" not in str(error):
                raise
            answers.append(str(error))
    return answers


def test_every_client_is_let_in_by_the_socket_with_its_own_address(on_host, sockets):
    answers = on_host(ping, NOBODY, [(variable, "") for variable in sockets["redis"].values()])
    assert [answer for answer in answers if answer != "accepted" and "NOPERM" not in answer] == []


def test_nobody_comes_in_there_without_a_password(on_host, sockets):
    logins = [(variable, other) for variable in sockets["redis"].values() for other in ("jarvis:wrong", "default:x")]
    answers = on_host(ping, NOBODY, logins[:2])
    assert [answer for answer in answers if "invalid username-password pair" not in answer] == []


def test_user_with_the_number_of_the_servers_own_does_not_come_to_the_socket(host, on_host, sockets):
    own = int(host.check_output("stat -c %u " + FOLDER))
    answers = on_host(ping, own, [(variable, "default:x") for variable in sockets["redis"].values()])
    assert [answer for answer in answers if "Permission denied" not in answer] == []


def test_there_is_a_socket_exactly_where_addresses_say_so(host, sockets):
    found = host.run(f"test -S {FOLDER}/redis.sock").rc == 0
    assert found == bool(sockets["redis"])
