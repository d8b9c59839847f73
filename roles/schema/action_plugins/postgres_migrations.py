"""Send the SQL files of a folder on the controller along with the task."""

from __future__ import annotations

import base64
import os

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Fill in `files` from `path`; the module does the rest."""

    def run(self, tmp=None, task_vars=None):
        """Read every .sql file of the folder, badly named ones too, so that the module can refuse them."""
        super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        path = arguments.get("path")
        if path:
            arguments["files"] = self._read(self._loader.path_dwim(path))
        result = self._execute_module(module_args=arguments, task_vars=task_vars)
        # The files would fill the screen with -v.
        result.get("invocation", {}).get("module_args", {}).pop("files", None)
        return result

    @staticmethod
    def _read(path: str) -> list[dict[str, str]]:
        try:
            names = sorted(name for name in os.listdir(path) if name.endswith(".sql"))
            files = []
            for name in names:
                with open(os.path.join(path, name), "rb") as file:
                    files.append({"name": name, "content": base64.b64encode(file.read()).decode()})
        except OSError as error:
            raise AnsibleActionFail(f"the folder of migrations cannot be read: {error}") from error
        if not files:
            raise AnsibleActionFail(f"{path} holds no .sql file, so there is no schema to apply")
        return files
