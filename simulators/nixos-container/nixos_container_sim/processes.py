"""Processes by /proc, told apart from later ones with the same number by their start time."""

import os
import select
import time

# `signal` costs 8 ms to import.
SIGKILL = 9
SIGTERM = 15


def start_time(pid: int) -> str | None:
    """When it began, in clock ticks since the boot; None when there is no such living process."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in 'ZX' else fields[19]


def members(leader: int) -> list[int]:
    """The leader, its session and all that descends from them: the nearest to a cgroup that anybody may have."""
    parents: dict[int, int] = {}
    found = set()
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        fields = _stat(int(entry))
        if fields is None or fields[0] in 'ZX':
            continue
        parents[int(entry)] = int(fields[1])
        if leader in (int(entry), int(fields[3])):
            found.add(int(entry))
    growing = True
    while growing:
        children = {pid for pid, parent in parents.items() if parent in found} - found
        found |= children
        growing = bool(children)
    return sorted(found)


def kill_members(leader: int, *, spare: int | None = None) -> None:
    """Kills until nothing is left, except `spare`."""
    while victims := [pid for pid in members(leader) if pid != spare]:
        for pid in victims:
            send(pid, SIGKILL)
        time.sleep(0.005)


def send(pid: int, number: int) -> None:
    """Signals a process; one that is gone is fine."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_gone(pid: int, seconds: float) -> bool:
    """Whether the process ends within `seconds`."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], seconds)[0])
    finally:
        os.close(descriptor)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state (0) on: parent (1), session (3), start time (19)."""
    try:
        with open(f'/proc/{pid}/stat', 'rb') as file:
            content = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name before it may hold blanks and brackets.
    return content[content.rindex(b')') + 2 :].decode().split()
