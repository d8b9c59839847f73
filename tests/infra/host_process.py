"""Run a function of host_side/ on the host, in one process of Python there. What it is given and returns is JSON."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

HOST_SIDE = Path(__file__).parent / "host_side"
# In the order in which they import each other. The first is what a deployment looks at ports with.
MODULES = [
    Path(__file__).parents[2] / "roles/preflight/module_utils/preflight_ports.py",
    HOST_SIDE / "superuser.py",
    HOST_SIDE / "observation.py",
    HOST_SIDE / "answers.py",
]
BEGIN = """
import base64, json, sys, types, zlib
given = json.loads(zlib.decompress(base64.b64decode(sys.stdin.read())))
for name, text in given["modules"].items():
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), vars(module))
print(json.dumps(getattr(sys.modules[given["module"]], given["function"])(*given["arguments"])))
"""


def call_on_host(host, module, function, *arguments):
    """Return what a function returns. RuntimeError with the last line of its words where it ends without."""
    given = {
        "modules": {path.stem: path.read_text(encoding="utf-8") for path in MODULES},
        "module": module,
        "function": function,
        "arguments": arguments,
    }
    packed = base64.b64encode(zlib.compress(json.dumps(given).encode())).decode()
    done = host.run(f"echo {packed} | /usr/bin/python3 -c '{BEGIN}'")
    if done.rc != 0:
        print(done.stderr)  # all of it, into the report's file
        raise RuntimeError((done.stderr.strip().splitlines() or ["Python ended without a word"])[-1])
    return json.loads(done.stdout)
