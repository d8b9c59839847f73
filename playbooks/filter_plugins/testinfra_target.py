"""How testinfra reaches a host that Ansible reaches."""

from __future__ import annotations

from urllib.parse import quote

DOCKER = ("docker", "community.docker.docker")


def testinfra_target(variables, name):
    """Return pytest's arguments for the host C(name), given its connection variables in Ansible's words.

    The variables are passed, not the inventory: it may be encrypted, and the options of the command line are in
    none. Raises ValueError for a connection that testinfra does not know.
    """
    connection = variables.get("ansible_connection") or "ssh"
    address = variables.get("ansible_host") or name
    if connection == "local":
        return ["--hosts=local://"]
    if connection in DOCKER:
        return [f"--hosts=docker://{address}"]
    if connection not in ("ssh", "smart"):
        raise ValueError(f"{name} has ansible_connection={connection}; verification knows ssh, docker and local")
    user = variables.get("ansible_user")
    port = variables.get("ansible_port")
    key = variables.get("ansible_ssh_private_key_file") or variables.get("ansible_private_key_file")
    extra = " ".join(filter(None, (variables.get("ansible_ssh_common_args"), variables.get("ansible_ssh_extra_args"))))
    target = (f"{quote(user, safe='')}@" if user else "") + address + (f":{port}" if port else "")
    return [
        f"--hosts=ssh://{target}",
        *([f"--ssh-identity-file={key}"] if key else []),
        *([f"--ssh-extra-args={extra}"] if extra else []),
    ]


class FilterModule:
    """Filters of the playbooks."""

    def filters(self):
        """Return the filters by name."""
        return {"testinfra_target": testinfra_target}
