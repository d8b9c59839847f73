"""What a deployed host says of itself."""

from __future__ import annotations

import base64
import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

import ansible.module_utils

ansible.module_utils.__path__.append(str(Path(__file__).parents[2] / "playbooks/module_utils"))

from ansible.module_utils import container_watch  # noqa: E402


def client_settings(host):
    """Return the client settings of the host as {variable: value}."""
    words = shlex.split(host.file("/etc/jarvis/jarvis.env").content_string, comments=True)
    return dict(word.split("=", 1) for word in words)


def database_name(settings):
    """Return the name of the database."""
    return unquote(urlsplit(settings["DATABASE_URL"]).path[1:])


def superuser_rows(host, database, sql):
    """Return the rows, lists of strings, of a query that the superuser makes over the socket."""
    script = base64.b64encode(sql.encode()).decode()
    # The application may create functions and operators in public; a name without schema must not find one.
    command = f"env PGOPTIONS=-csearch_path= psql -X -U postgres -d {database} -v ON_ERROR_STOP=1 --csv -t -P null=NULL"
    result = host.run(f"echo {script} | base64 -d | docker exec -i jarvis-postgres {command}")
    assert result.rc == 0, f"jarvis-postgres refused a query: {result.stderr}"
    return [line.split(",") for line in result.stdout.splitlines()]


def seconds_unwatched(host, container):
    """Return how long ago a container's health was last looked at, by the host's own clock."""
    return float(host.check_output("date +%s.%N")) - container_watch.last_check(container)
