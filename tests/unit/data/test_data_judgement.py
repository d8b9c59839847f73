"""An empty or another database never takes the place of a lost one, and nobody's data is touched by two servers."""

from __future__ import annotations

import pytest
from ansible.module_utils import data_judgement as judgement
from ansible.module_utils.data_files import Content
from ansible.module_utils.data_observation import Observed, Server

RECORDED = {"identity": "7712969399838216212", "append_only": False}


def server(name="postgres", allow_empty=False):
    return Server(
        name=name,
        kind=name,
        container=f"jarvis-{name}",
        image="image:1",
        user=name,
        volume=f"jarvis_{name}_data",
        client_variable="URL",
        allow_empty=allow_empty,
        first_start_file=None,
        socket_folder=None,
    )


def observed(content="absent", identity=None, **facts):
    return Observed(
        **{
            "content": Content(content, identity, append_only=facts.pop("append_only", False)),
            "recorded": None,
            "deployed_before": False,
            "mount_points": [],
            "volume": None,
            "volume_content": Content("absent"),
            "volume_project": None,
            "half_moved": False,
            "users": {},
            "workers": {},
            "running": False,
            "elsewhere": None,
            "owner": None,
            **facts,
        }
    )


def problem(*arguments, **keywords):
    (found,) = judgement.problems(*arguments, **keywords)
    return found


@pytest.mark.parametrize("state", ["absent", "empty"])
def test_a_host_that_never_had_data_begins_a_new_database(state):
    assert judgement.plan(server(), observed(state)) == "new"


def test_the_data_that_was_recorded_is_kept():
    found = observed("data", "7712969399838216212", recorded=RECORDED)
    assert judgement.plan(server(), found) == "keep"


def test_data_that_is_in_place_and_was_never_recorded_is_kept():
    assert judgement.plan(server(), observed("data", "5")) == "keep"


@pytest.mark.parametrize(
    ("state", "identity", "said"),
    [
        ("absent", None, "the folder does not exist"),
        ("empty", None, "the folder is empty"),
        ("unfinished", None, "the folder holds the beginning of a database that was never completed"),
        ("damaged", None, "the folder holds files of a database that cannot be read"),
        ("unknown", None, "the folder holds other files"),
        ("data", "5", "the folder holds the data 5"),
        ("data", None, "the folder holds the data without a name"),
    ],
)
def test_lost_data_is_refused_with_what_was_expected_and_found_and_both_ways_on(state, identity, said):
    found = observed(state, identity, recorded=RECORDED)
    text = problem(server(), found)
    assert f"/var/lib/jarvis/postgres/data held the data 7712969399838216212, and now {said}" in text
    assert "Restore the data" in text
    assert "-e postgres_allow_empty=true" in text
    assert judgement.plan(server(), found) is None


@pytest.mark.parametrize(
    ("state", "plan"), [("absent", "new"), ("empty", "new"), ("damaged", "renew"), ("data", "renew")]
)
def test_an_operator_may_begin_empty_and_what_is_there_is_set_aside(state, plan):
    assert judgement.plan(server(allow_empty=True), observed(state, "5", recorded=RECORDED)) == plan


def test_allowing_an_empty_one_changes_nothing_where_the_data_is_there():
    found = observed("data", "7712969399838216212", recorded=RECORDED)
    assert judgement.plan(server(allow_empty=True), found) == "keep"


def test_an_append_only_file_that_is_gone_is_lost_data():
    found = observed("data", "7", recorded={"identity": "7", "append_only": True})
    assert "the folder lacks the append-only file" in problem(server("redis"), found)


def test_a_first_start_that_was_killed_is_set_aside_and_begun_anew():
    assert judgement.plan(server(), observed("unfinished")) == "renew"


@pytest.mark.parametrize("state", ["absent", "empty", "unfinished"])
def test_a_host_that_was_deployed_before_does_not_begin_empty(state):
    text = problem(server(), observed(state, deployed_before=True))
    assert "this host was deployed before" in text
    assert "was the engine's data-root changed?" in text


def test_a_damaged_database_is_not_begun_anew():
    assert "holds a database that cannot be read" in problem(server(), observed("damaged"))


def test_data_in_the_volume_of_an_earlier_release_is_moved():
    found = observed(volume="/v", volume_content=Content("data", "7"), deployed_before=True)
    assert judgement.plan(server(), found) == "move"


def test_a_move_that_was_interrupted_is_completed():
    found = observed(volume="/v", volume_content=Content("unknown"), deployed_before=True, half_moved=True)
    assert judgement.plan(server(), found) == "move"


def test_a_volume_of_a_compose_project_is_not_taken_unasked():
    found = observed(volume="/v", volume_content=Content("data", "7"), volume_project="jarvis")
    assert "data of the Compose project jarvis" in problem(server(), found)
    assert judgement.plan(server(allow_empty=True), found) == "new"


def test_two_places_with_different_data_are_refused():
    found = observed("data", "5", volume="/v", volume_content=Content("data", "7"))
    assert "Move the one that is not wanted away" in problem(server(), found)


def test_another_container_on_the_data_is_refused_by_name():
    found = observed("data", "5", users={"jarvis-db-1": "the volume jarvis_postgres_data"})
    text = problem(server(), found)
    assert text.startswith("The container jarvis-db-1 mounts the volume jarvis_postgres_data, and two servers")
    assert "docker rm -f jarvis-db-1" in text


def test_a_process_that_the_engine_does_not_know_is_refused_by_number():
    assert "postgres (pid 4711) works in" in problem(server(), observed("data", "5", workers={4711: "postgres"}))


def test_a_server_whose_folder_was_swapped_is_not_stopped():
    found = observed("data", "7712969399838216212", recorded=RECORDED, elsewhere="/old (deleted)")
    assert "works in /old (deleted), which is not /var/lib/jarvis/postgres/data any more" in problem(server(), found)


@pytest.mark.parametrize("point", ["/var/lib/jarvis", "/var/lib/jarvis/postgres/data"])
def test_a_disk_is_not_mounted_where_its_absence_would_not_be_seen(point):
    text = problem(server(), observed(mount_points=[point]))
    assert f"{point} is a mount point" in text
    assert "Mount the disk at /var/lib/jarvis/postgres" in text


def test_socket_that_a_user_with_the_servers_number_could_come_to_is_refused():
    given = server()._replace(client_socket_folder="/var/lib/jarvis/sockets/postgres", client_socket_enabled=True)
    text = problem(given, observed(keeps_access_lists=False))
    assert text.startswith("The file system of /var/lib/jarvis/sockets/postgres keeps no access lists")
    assert "client_sockets_enabled to false" in text
    assert (
        list(judgement.problems(given._replace(client_socket_enabled=False), observed(keeps_access_lists=False))) == []
    )
