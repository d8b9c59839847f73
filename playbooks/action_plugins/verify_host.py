"""Prove what is promised of a host: tests/infra, over the connection that Ansible itself has."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import sys
from pathlib import Path

import ansible.module_utils
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

PROJECT = Path(__file__).parents[2]
sys.path.insert(0, str(PROJECT / "tests/infra"))
ansible.module_utils.__path__.append(str(PROJECT / "playbooks/module_utils"))
# Ansible's process imports them once, and each host's task, a fork of it, has them.
try:
    import pytest
    from reached_host import ReachedHost
    from verdict import verdict
except ImportError as error:  # an ansible-core of one's own may lack what they want
    MISSING = str(error)
else:
    MISSING = ""
# The whole text of a verification that failed, one file a host.
REPORTS = PROJECT / ".cache"

# Whatever a shell or a Docker context of the host says.
ENGINE = "unix:///var/run/docker.sock"
COMMAND_SECONDS = 600
# What a shell prints before our command, as some profiles do, is not the command's.
MARK = "--- verify ---"
SHELL = f'timeout --kill-after=5 {COMMAND_SECONDS} /bin/sh -c "$(cat)"'
TERMINAL_SHELL = (
    f"timeout --kill-after=5 {COMMAND_SECONDS} /bin/sh {{path}} </dev/null >{{path}}.out 2>{{path}}.errors; code=$?; "
    f"echo '{MARK}'; base64 {{path}}.out; echo .; base64 {{path}}.errors; exit $code"
)

OPTIONS = ["-p", "no:cacheprovider", "-p", "no:faulthandler", "--capture=sys", "--no-header", "--tb=short", "--quiet"]


def said(done):
    """Return what a finished command printed, without what its shell printed before."""
    _noise, begun, output = done["stdout"].partition(MARK)
    if not begun:
        raise AnsibleError(f"no command runs on the host: {done['stderr'] or done['stdout']}")
    return output.removeprefix("\n")


class ActionModule(ActionBase):
    """Run the tests in this process, which has the host's connection, its options and its way to become root."""

    _requires_connection = True
    _supports_check_mode = True

    def run(self, tmp=None, task_vars=None):
        """Return the verdict: C(msg) for a person, C(failed) and, of what failed, C(report), a file of this machine."""
        result = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(
            {
                "servers": {"type": "dict", "required": True},
                "sockets": {"type": "dict", "default": {}},
                "disruptive": {"type": "bool", "default": False},
            }
        )
        if self._task.check_mode:
            return {**result, "skipped": True, "msg": "A preview proves nothing"}
        # With -vvv a connection shows what commands print, and some print passwords. This process ends with the task.
        Display().verbosity = 0
        host = task_vars["inventory_hostname"]
        if MISSING:
            return {**result, "failed": True, "msg": f"The tests did not run: {MISSING}. They want pytest-testinfra."}
        if self.execute("id -u")[1].strip() != "0":
            return {**result, "failed": True, "msg": f"{host}: verification needs root on the host. Set ansible_become"}
        return {**result, **self.test(host, given["servers"], given["sockets"], given["disruptive"]), "changed": False}

    def execute(self, command):
        """Return (exit code, output, errors) of a shell command that is run as root, each output as text."""
        script = f"export DOCKER_HOST={ENGINE}\n{command}\n"
        if self._connection.is_pipelining_enabled():
            done = self._low_level_execute_command(SHELL, in_data=f"echo '{MARK}'\n{script}".encode())
            return done["rc"], said(done), done["stderr"]
        # The host may want a terminal (sudo's requiretty), which takes no input and mixes the outputs.
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        path = self._connection._shell.join_path(self._connection._shell.tmpdir, "command")
        self._transfer_data(path, script)
        done = self._low_level_execute_command(TERMINAL_SHELL.format(path=path))
        output, errors = (base64.b64decode(word).decode(errors="replace") for word in said(done).split("."))
        return done["rc"], output, errors

    def execute_whatever_happens(self, command):
        """Do the same while the host may go away; RuntimeError where it is not reached, and a new connection then."""
        try:
            return self.execute(command)
        except (AnsibleConnectionFailure, AnsibleError) as error:
            with contextlib.suppress(AnsibleError, AttributeError):
                self._connection.reset()
            raise RuntimeError(f"the host is not reached: {error}") from error

    def test(self, host, servers, sockets, disruptive):
        """Return the verdict of the tests of C(servers) {name: {account: variable}}, or of what disturbs the host.

        C(sockets) are the variables for the servers' sockets, in the same form.
        """
        os.chdir(PROJECT)
        reached = ReachedHost(host, self.execute_whatever_happens, servers, sockets)
        parts = ["common", *servers]
        chosen = [f"--complete={','.join(parts)}", *(f"tests/infra/{part}" for part in parts)]
        if disruptive:
            chosen = ["--disruptive", "--complete=disruptive", "tests/infra/test_persistence.py"]
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
            code = pytest.main([*OPTIONS, *chosen], plugins=[reached])
        return verdict(host, int(code), printed.getvalue(), reached, REPORTS)
