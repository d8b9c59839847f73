#!/usr/bin/python
# MIT licence
"""The arguments and the result of the migration engine, which is in module_utils/jarvis_schema."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgres_migrations
short_description: Apply numbered SQL files to PostgreSQL, and prove that nothing else changed it
description:
  - Applies the files C(NNNN_name.sql) of a folder on the controller that the database does not have yet,
    each in one transaction together with its row in the ledger C(jarvis_meta.migrations).
  - Every run is rehearsed in a throw-away database on the same server before it touches the real one.
  - Refuses applied files that were edited, renamed or removed, and new files older than the newest applied one.
  - In check mode, and with O(state=verified), compares the database with what the applied files make.
  - A first line C(-- no-transaction) lets a file run outside of a transaction, for C(CREATE INDEX CONCURRENTLY).
options:
  path:
    description:
      - Folder on the controller with the SQL files. Their content is sent with the task; no copy stays on the host.
    type: path
    required: true
  files:
    description: Filled in by the action plugin from O(path).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the file.
        type: str
        required: true
      content:
        description: Its bytes, base64.
        type: str
        required: true
  archive:
    description: Tar file on the managed host, which the action plugin makes instead of O(files) if they are large.
    type: path
  database:
    description: Database to migrate. It has to exist, except in check mode.
    type: str
    required: true
  owner:
    description: Role that migrations run as, and that owns the database.
    type: str
    required: true
  migrator:
    description:
      - Role that migrations log in as, without a password. It has no rights but to become O(owner), so that
        nothing in a file can become a superuser.
    type: str
    default: jarvis_migrator
  application_roles:
    description:
      - Roles that may make objects of their own at run time. What they own is reported as theirs, not as drift.
    type: list
    elements: str
    default: []
  reader_roles:
    description: Further roles of the project, which are checked for too much power.
    type: list
    elements: str
    default: []
  client_roles:
    description: Further roles that may connect, each with the list of those roles whose rights it has.
    type: dict
    default: {}
  settings:
    description:
      - Settings that these roles or the database may carry (C(ALTER ROLE … SET)), with their values.
        Any other is drift.
      - C(TimeZone) has to be set for every role, by the role itself or by the database.
    type: dict
    default: {TimeZone: UTC}
  role_settings:
    description:
      - Settings that single roles, or O(login_user), have to carry, by role and name, in addition to O(settings).
        One that is missing or has another value is drift. Values are compared as C(ALTER ROLE … SET) wrote them.
    type: dict
    default: {}
  added_comment:
    description: Comment of the roles that are, or once were, O(client_roles). What they own is not compared.
    type: str
    default: ""
  connection_limits:
    description: Connections that single roles may have open, by role. Others have no limit; any other number is drift.
    type: dict
    default: {}
  extensions:
    description:
      - Extensions that are made before the files run, with what they need, in the schema C(extensions).
        One that the server does not have is refused. One that is no longer listed stays, and is drift.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(applied) brings the database to the newest file.
      - V(verified) changes nothing, and fails if files are pending or the database differs from what the files make.
    type: str
    choices: [applied, verified]
    default: applied
  adopt:
    description:
      - Number of a file. If the ledger is empty and the database has exactly what the files up to this one make,
        they are recorded as applied. Otherwise the run fails and says what differs.
      - With entries in the ledger, nothing happens.
      - V(0) means none.
    type: int
    default: 0
  unqualified_until:
    description:
      - Number of the newest file that was released while files ran with C(search_path = public). Files up to it
        still do. Later ones have to write names with their schema.
      - Not needed where the ledger holds these files already, because it knows what each ran with.
    type: int
    default: 0
  retry_interrupted:
    description: Run a file without transaction again that was started and never finished.
    type: bool
    default: false
  login_unix_socket:
    description: Folder of the server's unix socket on the managed host.
    type: path
    required: true
  login_port:
    description: Port, which is part of the socket's name.
    type: int
    default: 5432
  login_user:
    description: A superuser. There is no password option; use peer authentication.
    type: str
    default: postgres
  lock_wait:
    description: Seconds to wait for another run on the same database.
    type: float
    default: 60
  lock_timeout:
    description:
      - Seconds a statement waits for a lock on a table before the file is given up.
      - A file without transaction waits as long as it takes, since C(CREATE INDEX CONCURRENTLY) has to wait for every
        older snapshot, such as a dump's, and blocks nobody meanwhile.
    type: float
    default: 5
  statement_timeout:
    description: Seconds a statement may take. V(0) sets no limit.
    type: float
    default: 0
requirements:
  - psycopg2 on the managed host
  - PostgreSQL 16
attributes:
  check_mode:
    support: full
    description: Pending files run in a throw-away database. Tables of the real one are neither locked nor written.
  diff_mode:
    support: full
    description: What the pending files change in the catalog.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Apply the schema
  postgres_migrations:
    path: "{{ playbook_dir }}/../sql/migrations"
    database: jarvis
    owner: jarvis_owner
    application_roles: [jarvis]
    login_unix_socket: /var/run/postgresql

- name: Prove that nobody changed the schema by hand
  postgres_migrations:
    path: "{{ playbook_dir }}/../sql/migrations"
    database: jarvis
    owner: jarvis_owner
    application_roles: [jarvis]
    login_unix_socket: /var/run/postgresql
    state: verified
"""

RETURN = r"""
applied:
  description: Files applied in this run; in check mode, none. Also returned by a failure after them.
  type: list
  elements: str
  returned: always
  sample: [0007_add_sessions.sql]
adopted:
  description: Files recorded as applied in this run without running them.
  type: list
  elements: str
  returned: always
  sample: []
extensions:
  description: Extensions made in this run; in check mode, what a real run would make.
  type: list
  elements: str
  returned: success
  sample: [pg_stat_statements]
pending:
  description: Files that are not applied when the module ends. In check mode, what a real run would apply.
  type: list
  elements: str
  returned: always
  sample: []
version:
  description: Number of the newest file that is applied when the module ends, 0 for none.
  type: int
  returned: always
  sample: 7
drift:
  description:
    - What differs from the files and from what is promised of the roles, after the pending ones were applied.
    - Not known, which is told, while somebody holds an exclusive lock on a table.
  type: list
  elements: dict
  returned: success
  contains:
    kind:
      description: Kind of object.
      type: str
      sample: column
    identity:
      description: Which one.
      type: str
      sample: public.agent_state.value
    expected:
      description: What the files make, restricted to what differs. None if they make no such object.
      type: dict
      sample: {type: jsonb}
    actual:
      description: What is there instead. None if it is missing.
      type: dict
      sample: {type: text}
differences:
  description: The same, a line each for people; a table that is missing, or too many, without all that belongs to it.
  type: list
  elements: str
  returned: success
  sample: [table public.memory_facts is missing]
application_objects:
  description: What the application made for itself.
  type: list
  elements: str
  returned: success
  sample: [table public.scratch]
timings:
  description: Milliseconds by phase, and C(total), which begins when Ansible has loaded its own libraries.
  type: dict
  returned: success
  sample: {connect: 3.2, plan: 1.1, total: 31.0}
diff:
  description: What the files change in the catalog, as text before and after.
  type: dict
  returned: when files are pending or were applied
"""

import time

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

# Imports follow, so the time from here on is the module's and not Ansible's.
STARTED = time.monotonic()

from ansible.module_utils.jarvis_schema import session  # noqa: E402
from ansible.module_utils.jarvis_schema.errors import SchemaError  # noqa: E402
from ansible.module_utils.jarvis_schema.files import contents, number  # noqa: E402
from ansible.module_utils.jarvis_schema.outcome import Outcome  # noqa: E402
from ansible.module_utils.jarvis_schema.perform import perform  # noqa: E402
from ansible.module_utils.jarvis_schema.request import Request  # noqa: E402

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "files": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "content": {"type": "str", "required": True},
        },
    },
    "archive": {"type": "path"},
    "database": {"type": "str", "required": True},
    "owner": {"type": "str", "required": True},
    "migrator": {"type": "str", "default": "jarvis_migrator"},
    "application_roles": {"type": "list", "elements": "str", "default": []},
    "reader_roles": {"type": "list", "elements": "str", "default": []},
    "client_roles": {"type": "dict", "default": {}},
    "settings": {"type": "dict", "default": {"TimeZone": "UTC"}},
    "role_settings": {"type": "dict", "default": {}},
    "added_comment": {"type": "str", "default": ""},
    "connection_limits": {"type": "dict", "default": {}},
    "extensions": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["applied", "verified"], "default": "applied"},
    "adopt": {"type": "int", "default": 0},
    "unqualified_until": {"type": "int", "default": 0},
    "retry_interrupted": {"type": "bool", "default": False},
    "login_unix_socket": {"type": "path", "required": True},
    "login_port": {"type": "int", "default": 5432},
    "login_user": {"type": "str", "default": "postgres"},
    "lock_wait": {"type": "float", "default": 60},
    "lock_timeout": {"type": "float", "default": 5},
    "statement_timeout": {"type": "float", "default": 0},
}


def main() -> None:
    """Read the arguments, let the engine work, and return what it says."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    params = module.params
    outcome = Outcome()
    failure = ""
    try:
        request = Request(
            migrations=number(contents(params["files"] or [], params["archive"])),
            state=params["state"],
            check_mode=module.check_mode,
            adopt=params["adopt"],
            retry_interrupted=params["retry_interrupted"],
            unqualified_until=params["unqualified_until"],
            application_roles=params["application_roles"],
            reader_roles=params["reader_roles"],
            client_roles=params["client_roles"],
            settings=params["settings"],
            role_settings=params["role_settings"],
            connection_limits=params["connection_limits"],
            added_comment=params["added_comment"],
        )
        if session.psycopg2 is None and not (module.check_mode and params["state"] == "applied"):
            raise SchemaError(missing_required_lib("psycopg2"))
        target = session.Target(
            database=params["database"],
            owner=params["owner"],
            migrator=params["migrator"],
            host=params["login_unix_socket"],
            port=params["login_port"],
            user=params["login_user"],
            lock_wait=params["lock_wait"],
            lock_timeout=params["lock_timeout"],
            statement_timeout=params["statement_timeout"],
            extensions=tuple(params["extensions"]),
            extension_users=(*params["application_roles"], *params["reader_roles"]),
        )
        perform(target, request, outcome)
    except SchemaError as error:
        failure = error.message
    outcome.timings["total"] = round((time.monotonic() - STARTED) * 1000, 1)
    for warning in outcome.warnings:
        module.warn(warning)
    result = outcome.as_result(module.check_mode and params["state"] == "applied")
    if failure:
        # This text is for people, who would otherwise have to find the message among the results for programs.
        told = ("applied", "adopted", "pending", "version")
        module.fail_json(msg=failure, **{name: result[name] for name in told})
    module.exit_json(**result)


if __name__ == "__main__":
    main()
