"""Applications on the host reach the server by a socket, each with its password."""

from __future__ import annotations

from questions import client

FOLDER = "/var/lib/jarvis/sockets/redis"


def pinged(settings, others, is_server, sockets):
    """Return the server's answers, or why there is none, to a user of the host in the group jarvis.

    That user has the number of the server's own if C(is_server). C(others), user and password, take the place of what
    each address has.
    """
    import grp
    import os
    from urllib.parse import urlsplit

    import redis

    user = os.stat("/var/lib/jarvis/sockets/redis").st_uid if is_server else 65534
    os.setgroups([])
    os.setgid(grp.getgrnam("jarvis").gr_gid)
    os.setuid(user)
    answers = []
    for address in sockets.values():
        own, _, _ = urlsplit(address).netloc.rpartition("@")
        for other in others or [own]:
            try:
                redis.Redis.from_url(address.replace(f"//{own}@", f"//{other}@")).ping()
                answers.append("accepted")
            except redis.RedisError as error:
                # Whoever is in may be forbidden even this.
                if not others and "NOPERM" not in str(error):
                    raise
                answers.append(str(error))
    return answers


of_clients = client(pinged, [], False)
without_password = client(pinged, ["jarvis:wrong", "default:x"], False)
of_the_servers_number = client(pinged, ["default:x"], True)


def test_every_client_is_let_in_by_the_socket_with_its_own_address(of_clients, socket_accounts):
    assert len(of_clients) == len(socket_accounts["redis"])
    assert [answer for answer in of_clients if answer != "accepted" and "NOPERM" not in answer] == []


def test_nobody_comes_in_there_without_a_password(without_password):
    assert [answer for answer in without_password if "invalid username-password pair" not in answer] == []


def test_user_with_the_number_of_the_servers_own_does_not_come_to_the_socket(of_the_servers_number):
    assert [answer for answer in of_the_servers_number if "Permission denied" not in answer] == []


def test_there_is_a_socket_exactly_where_addresses_say_so(host, socket_accounts):
    found = host.run(f"test -S {FOLDER}/redis.sock").rc == 0
    assert found == bool(socket_accounts["redis"])
