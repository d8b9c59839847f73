"""Send the SQL files of a folder on the controller along with the task."""

from __future__ import annotations

import base64
import os
import tarfile
import tempfile

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

# Ansible copies the arguments of a module several times in memory, so beyond this many bytes an archive is sent
# instead.
INLINE = 1 << 20


class ActionModule(ActionBase):
    """Fill in `files`, or `archive` if they are large, from the folder `path`; the module does the rest."""

    def run(self, tmp=None, task_vars=None):
        """Send every .sql file of the folder, badly named ones too, so that the module can refuse them."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        path = arguments.get("path")
        try:
            if path:
                arguments.update(self._send(self._loader.path_dwim(path)))
            result = self._execute_module(module_args=arguments, task_vars=task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        # The files would fill the screen with -v.
        result.get("invocation", {}).get("module_args", {}).pop("files", None)
        return result

    def _send(self, folder: str) -> dict[str, object]:
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(".sql"))
            if not names:
                raise AnsibleActionFail(f"{folder} holds no .sql file, so there is no schema to apply")
            paths = {name: os.path.join(folder, name) for name in names}
            if sum(map(os.path.getsize, paths.values())) > INLINE:
                return {"archive": self._transfer(paths)}
            return {"files": [{"name": name, "content": self._encoded(path)} for name, path in paths.items()]}
        except OSError as error:
            raise AnsibleActionFail(f"the folder of migrations cannot be read: {error}") from error

    @staticmethod
    def _encoded(path: str) -> str:
        with open(path, "rb") as file:
            return base64.b64encode(file.read()).decode()

    def _transfer(self, paths: dict[str, str]) -> str:
        """Copy the files to the host as one archive, and return its path, which exists until the task ends."""
        remote = self._connection._shell.join_path(self._make_tmp_path(), "migrations.tar")
        with tempfile.NamedTemporaryFile(suffix=".tar.gz") as local:
            with tarfile.open(local.name, "w:gz", compresslevel=1, dereference=True) as packed:
                for name, path in paths.items():
                    packed.add(path, name)
            self._transfer_file(local.name, remote)
        self._fixup_perms2((self._connection._shell.tmpdir, remote))
        return remote
