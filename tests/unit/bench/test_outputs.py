"""What programs print is understood, and memory is that of a process with all below it."""

from __future__ import annotations

import sys

import pytest

from bench.process import resident_kb_of_tree, run
from bench.servers import requests_a_second, transactions_a_second
from bench.words import changed_hosts, executed_tasks, longest, task_seconds

RECAP = """
TASK [look] *****
ok: [b1]

PLAY RECAP *********************************************************************
b1                         : ok=3    changed=0    unreachable=0    failed=0    skipped=13   rescued=0    ignored=0
b2                         : ok=53   changed=27   unreachable=0    failed=0    skipped=44   rescued=0    ignored=0
localhost                  : ok=0    changed=0    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0

TASKS RECAP ********************************************************************
Sunday 29 November 2026  11:57:33 +0000 (0:00:00.019)       0:00:46.897 *******
===============================================================================
Run the tests of tests/infra ------------------------------------------- 10.68s
images : Load the images ------------------------------------------------ 2.26s
images : Load the images ------------------------------------------------ 0.04s
"""


def test_recap_tells_how_many_tasks_were_executed_and_where_something_changed():
    assert executed_tasks(RECAP) == 53
    assert changed_hosts(RECAP) == ["b2"]


def test_seconds_of_tasks_of_the_same_name_are_added():
    assert task_seconds(RECAP) == {
        "Run the tests of tests/infra": 10.68,
        "images : Load the images": pytest.approx(2.30),
    }


def test_longest_tasks_come_first():
    assert longest({"a": 0.5, "b": 10.68, "c": 2.26}, 2) == "b 10.7 s, c 2.3 s"


def test_rates_are_read_from_what_the_programs_print():
    assert transactions_a_second(
        "latency average = 0.1 ms\ntps = 12345.678901 (without initial connection time)\n"
    ) == (12345.678901)
    printed = '"test","rps","avg_latency_ms"\n"SET","81234.50","0.1"\n"GET","91234.50","0.1"\n'
    assert requests_a_second(printed) == {"SET": 81234.5, "GET": 91234.5}


def test_memory_of_a_tree_counts_all_below_and_nobody_else():
    processes = {1: (0, 1), 10: (1, 100), 11: (10, 20), 12: (11, 3), 20: (1, 5000)}
    assert resident_kb_of_tree(10, processes) == 123
    assert resident_kb_of_tree(99, processes) == 0


def test_program_that_fails_is_told_with_what_it_printed():
    with pytest.raises(RuntimeError, match=r"exit status 3\nout of luck\n"):
        run([sys.executable, "-c", "print('out of luck'); raise SystemExit(3)"])
    program = "held = b'x' * 60_000_000; print(len(held)); import time; time.sleep(1)"
    done = run([sys.executable, "-c", program], watched=True)
    assert done.output == "60000000\n"
    assert done.peak_mb > 55
