#!/usr/bin/python
# Copyright: the Jarvis data tier authors
# MIT licence (see LICENSE)
"""Ansible module: the roles of a PostgreSQL server, exactly as they are wanted."""

from __future__ import annotations

DOCUMENTATION = r"""
module: postgres_roles
short_description: Bring roles of PostgreSQL to exactly what is wanted of them
description:
  - Creates the listed roles and takes from them whatever is not listed, in one transaction. It does not matter how a
    role was created before, or what it has given itself since. Other roles are left alone.
  - A role that was O(roles[].added) in an earlier run and is not listed any more loses its password and memberships,
    may not log in, and its sessions end. It stays, with what it owns.
  - A password is sent as its SCRAM-SHA-256 verifier, so that no setting of the server can make it log a password. A
    verifier that fits the password stays.
  - Returns the server's databases, and which wanted privileges on one of them are missing. It changes neither.
  - Logs in over the unix socket and uses no name outside of C(pg_catalog).
options:
  login_unix_socket:
    description: Folder of the server's unix socket.
    type: path
    required: true
  login_user:
    description: A superuser that is admitted there without a password.
    type: str
    default: postgres
  added_comment:
    description: Comment of roles that are O(roles[].added), by which they are known when they are not listed any more.
    type: str
    default: added by the inventory
  roles:
    description: The roles.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the role.
        type: str
        required: true
      added:
        description: Whether an inventory adds this role, so that it is not one of ours. Its comment in the server says
        so. type: bool default: false
      login:
        description: Whether it may log in.
        type: bool
        default: false
      password:
        description: Its password; without one, it has none.
        type: str
      superuser:
        description: Whether it has every power of a superuser. Otherwise it has none of them.
        type: bool
        default: false
      inherit:
        description: Whether it has the rights of roles that it becomes a member of.
        type: bool
        default: true
      connection_limit:
        description: How many connections it may have open, V(-1) for any number.
        type: int
        default: -1
      settings:
        description:
          - What its sessions begin with, by name; text as C(SHOW) prints it, so V("\"$user\", public") for a list of
            names, and V("\"\"") for a list that holds nothing.
        type: dict
        default: {}
      member_of:
        description: Roles that it is a member of.
        type: list
        elements: dict
        default: []
        suboptions:
          role:
            description: Name of the role.
            type: str
            required: true
          inherit:
            description: Whether it has that role's rights without C(SET ROLE).
            type: bool
            default: true
          set:
            description: Whether it may C(SET ROLE) to that role.
            type: bool
            default: true
  database:
    description: Name of the database that O(privileges) is about.
    type: str
  privileges:
    description:
      - Privileges that roles have, or do not have, in the database. Only those granted to them by name count, not those
      of
        the owner or of everybody.
    type: list
    elements: dict
    default: []
    suboptions:
      roles:
        description: Names of roles; V(PUBLIC) for what everybody has.
        type: list
        elements: str
        required: true
      privileges:
        description: The privileges, as C(GRANT) names them.
        type: list
        elements: str
        required: true
      state:
        description: Whether each of these roles holds all of them, or none.
        type: str
        choices: [present, absent]
        default: present
requirements:
  - psycopg2 on the managed host
  - PostgreSQL 16
attributes:
  check_mode:
    support: full
    description: Compares and changes nothing.
author: Jarvis data tier
"""

EXAMPLES = r"""
- name: Create the roles
  postgres_roles:
    login_unix_socket: /var/run/postgresql
    roles:
      - name: jarvis_owner
      - name: jarvis
        login: true
        password: "{{ password }}"
        connection_limit: 80
        settings: {statement_timeout: 300s}
  register: roles
  no_log: true
"""

RETURN = r"""
changes:
  description: What was changed, or would be, a phrase each, without secrets.
  type: list
  elements: str
  returned: always
  sample: ["jarvis: password", "jarvis: without setting local_preload_libraries"]
databases:
  description: By name, owner, encoding and locale of each of the server's databases that is no template.
  type: dict
  returned: always
  sample: {jarvis: {owner: jarvis_owner, encoding: UTF8, lc_collate: C, lc_ctype: C.UTF-8}}
privileges_due:
  description:
    - For each entry of O(privileges) whether it still has to be made so, which every one has where there is no such
      database, or a new one. Names would not do, since Ansible hides those that resemble a password.
  type: list
  elements: bool
  returned: always
problem:
  description:
    - Why nothing could be changed, empty when all is well. The module itself does not fail, since Ansible would hide
      the reason together with the passwords.
  type: str
  returned: always
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.postgres_databases import privileges_due, read_databases
from ansible.module_utils.postgres_role_plan import plan, psycopg2, read, taken_away

# Settings of the role or the database could lock the administrator out, or change the meaning of a name; these options
# override them. They also keep verifiers out of logs and statistics, because a verifier helps to guess its password.
SESSION = {
    "search_path": "",
    "local_preload_libraries": "",
    "session_preload_libraries": "",
    "role": "none",
    "default_transaction_read_only": "off",
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "lock_timeout": "10s",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_min_duration_sample": "-1",
    "log_transaction_sample_rate": "0",
    "debug_print_parse": "off",
    "debug_print_rewritten": "off",
    "debug_print_plan": "off",
    "pg_stat_statements.track": "none",
}
SESSIONS = """
SELECT a.pid, r.rolname FROM pg_catalog.pg_stat_activity AS a JOIN pg_catalog.pg_roles AS r ON r.oid = a.usesysid
WHERE NOT r.rolcanlogin AND pg_catalog.shobj_description(r.oid, 'pg_authid') = %s
"""
ROLE = {
    "name": {"type": "str", "required": True},
    "added": {"type": "bool", "default": False},
    "login": {"type": "bool", "default": False},
    "password": {"type": "str", "no_log": True},
    "superuser": {"type": "bool", "default": False},
    "inherit": {"type": "bool", "default": True},
    "connection_limit": {"type": "int", "default": -1},
    "settings": {"type": "dict", "default": {}},
    "member_of": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "role": {"type": "str", "required": True},
            "inherit": {"type": "bool", "default": True},
            "set": {"type": "bool", "default": True},
        },
    },
}
PRIVILEGE = {
    "roles": {"type": "list", "elements": "str", "required": True},
    "privileges": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
ARGUMENTS = {
    "login_unix_socket": {"type": "path", "required": True},
    "login_user": {"type": "str", "default": "postgres"},
    "added_comment": {"type": "str", "default": "added by the inventory"},
    "roles": {"type": "list", "elements": "dict", "required": True, "options": ROLE},
    "database": {"type": "str"},
    "privileges": {"type": "list", "elements": "dict", "default": [], "options": PRIVILEGE},
}


def connect(socket, user):
    """Open the administrator's session."""
    return psycopg2.connect(
        host=socket,
        user=user,
        dbname="postgres",
        connect_timeout=10,
        application_name="jarvis-roles",
        options=" ".join(f"-c {name}={value}" for name, value in SESSION.items()),
    )


def converge(connection, wanted, added_comment, check_mode):
    """Bring the roles to what is wanted, all or nothing; return what was changed, or would be."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SHOW scram_iterations")
        iterations = int(cursor.fetchone()[0])
        wanted = [{**role, "comment": added_comment if role["added"] else None} for role in wanted]
        wanted += taken_away(cursor, added_comment, [role["name"] for role in wanted])
        steps = plan(wanted, read(cursor, [role["name"] for role in wanted]), iterations)
        for _, statement in [] if check_mode else steps:
            cursor.execute(statement)
    return [words for words, _ in steps]


def end_sessions(connection, added_comment, check_mode):
    """End the sessions of added roles that may not log in any more; return it in words.

    This comes after the change is committed, since a client that connects before is still let in.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute(SESSIONS, [added_comment])
        sessions = cursor.fetchall()
        for pid, _ in [] if check_mode else sessions:
            cursor.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [pid])
    return [f"{name}: sessions ended" for name in sorted({name for _, name in sessions})]


def reason(error):
    """Return the server's main message. Its whole message may quote the statement, which is left out."""
    told = [error.diag.message_primary, error.diag.message_detail, error.diag.message_hint]
    return ". ".join(filter(None, told)) or str(error).strip()


def main():
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    if psycopg2 is None:
        missing = missing_required_lib("psycopg2")
        module.exit_json(changed=False, changes=[], databases={}, privileges_due=[], problem=missing)
    changes, databases, due, problem = [], {}, [], ""
    try:
        connection = connect(module.params["login_unix_socket"], module.params["login_user"])
        try:
            comment = module.params["added_comment"]
            changes = converge(connection, module.params["roles"], comment, module.check_mode)
            changes += end_sessions(connection, comment, module.check_mode)
            databases = read_databases(connection)
            due = privileges_due(connection, module.params["database"], module.params["privileges"])
        finally:
            connection.close()
    except psycopg2.Error as error:
        problem = reason(error)
    module.exit_json(changed=bool(changes), changes=changes, databases=databases, privileges_due=due, problem=problem)


if __name__ == "__main__":
    main()
