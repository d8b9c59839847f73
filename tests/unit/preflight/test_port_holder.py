"""The process that holds a port is named, even if it opens and closes files meanwhile."""

from __future__ import annotations

import subprocess
import sys

from ansible.module_utils import preflight_ports as ports

# It listens, says so, and then opens and closes files with smaller numbers than the listening socket, as an engine
# does.
BUSY_LISTENER = """
import os, socket
kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(40)]
listener = socket.create_server(("127.0.0.1", 0))
print(os.fstat(listener.fileno()).st_ino, flush=True)
while True:
    for descriptor in kept:
        os.close(descriptor)
    kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(40)]
"""


def test_process_that_opens_and_closes_files_is_found_every_time():
    with subprocess.Popen([sys.executable, "-c", BUSY_LISTENER], stdout=subprocess.PIPE, text=True) as process:
        inode = process.stdout.readline().strip()
        try:
            found = {ports.process_of(inode)[1] for _ in range(60)}
        finally:
            process.kill()
    assert found == {str(process.pid)}
