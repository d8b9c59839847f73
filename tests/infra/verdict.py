"""What a verification tells a person: one line a cause, causes before what follows from them, the rest in a file."""

from __future__ import annotations

import re

LONGEST = 400  # characters of a line
LOG_LINES = 50
FAILED = "Failed: "  # what pytest puts before the words of pytest.fail()


def promise(report):
    """Return what a test promises, in words: its name."""
    name = report.nodeid.rpartition("::")[2].removeprefix("test_")
    return name.partition("[")[0].replace("_", " ") + (
        f" ({name.partition('[')[2].rstrip(']')})" if "[" in name else ""
    )


def cause(report):
    """Return (why a test failed, whether that is an exception, which says nothing of what is promised).

    In the test's own words where it has some, else as found and wanted.
    """
    crash = getattr(report.longrepr, "reprcrash", None)
    whole = crash.message if crash else f"{FAILED}{report.longrepr}"
    if whole.startswith(FAILED):
        return whole.removeprefix(FAILED).strip(), False
    message = next(iter(whole.splitlines()), "")
    own = message.removeprefix("AssertionError: ")
    compared = re.fullmatch(r"assert (.+) == (.+)", own)
    if compared:
        return f"{promise(report)}: found {compared[1]}, wanted {compared[2]}", False
    if own.startswith("assert "):
        return f"{promise(report)}: not so: {own.removeprefix('assert ')}", False
    return own.removeprefix("RuntimeError: "), own == message


def causes(reports):
    """Return the text of each cause, in the order of the tests, with how many promises it concerns."""
    found = {}
    for report in reports:
        found.setdefault(cause(report), []).append(promise(report))
    told = []
    for (text, is_exception), promises in found.items():
        first, *more = map(shortened, text.splitlines())
        if is_exception:
            first = (
                f"{promises[0]}: {first}" if len(promises) == 1 else f"{first} ({len(promises)} promises fail over it)"
            )
        elif len(promises) > 1:
            first += f" ({len(promises) - 1} more promises were not looked at)"
        told.append("\n   ".join([first, *more]))
    return told


def shortened(line):
    """Return a line of a length that a person reads."""
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."


def verdict(host, code, printed, reached, folder):
    """Return {msg, failed, report} of a finished run.

    C(code) is pytest's: 0 all passed, 1 some failed, else the tests did not run. C(printed) is all that it said, which
    goes into a file of C(folder) where something failed.
    """
    if code == 0 and reached.passed:
        return {"failed": False, "msg": "; ".join([f"{reached.passed} passed", *reached.recorded])}
    if code not in (0, 1) or not reached.failed:
        return {"failed": True, "msg": f"{host}: the tests did not run: {printed.strip()}"}
    lines = causes(reached.failed)
    things = "1 thing is" if len(lines) == 1 else f"{len(lines)} things are"
    told = [f"{host}: {things} wrong; {reached.passed} promises hold."]
    told += [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    report = folder / f"verify-{re.sub(r'[^A-Za-z0-9.-]', '_', host)}.txt"
    try:
        folder.mkdir(exist_ok=True)
        report.write_text(f"{printed}\n{server_logs(reached)}", encoding="utf-8")
        told.append(f"The whole text, with the servers' last log lines: {report}")
    except OSError as error:
        told.append(f"The whole text could not be kept in {report}: {error.strerror}")
    return {"failed": True, "msg": "\n".join(told), "report": str(report)}


def server_logs(reached):
    """Return the last log lines of the servers that the host carries."""
    logs = []
    for server in reached.carried:
        command = f"docker logs --tail {LOG_LINES} jarvis-{server} 2>&1"
        try:
            logs.append(f"{command}\n{reached.testinfra_host.run(command).stdout}")
        except RuntimeError as error:
            logs.append(f"{command}\n{error}")
    return "\n".join(logs)
