"""Runs a command, in a session of its own, that gives way to whatever else wants a core."""

import contextlib
import os
import sys

with contextlib.suppress(PermissionError):
    os.setsid()
# Where the kernel shares the cores between sessions first, a process's own priority counts within its session alone.
with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as own:
    own.write("19")
if hasattr(os, "SCHED_IDLE"):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
else:
    os.nice(19)
os.execvp(sys.argv[1], sys.argv[1:])
