"""`container@NAME.service`: what systemd does with a container's process."""

import os
import time

from . import environment_file, processes
from .failure import Failure
from .locks import Lock
from .mounts import Mounts
from .settings import Settings

_ACTIVATED = b'r'


class Unit:
    """Keeps `run/NAME` (PID, START_TIME, STATE), which outlives a process that is killed."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        self._settings = settings
        self._path = f'{settings.run_dir}/{name}'

    def state(self) -> str:
        """`active`, `activating` or `inactive`."""
        record = self._record()
        return record['STATE'] if record and _lives(record) else 'inactive'

    def start(self, mounts: Mounts) -> None:
        """Returns when the container is ready: its boot goes on. Error: Failure."""
        begun_at = time.monotonic()
        with Lock(f'{self._settings.lock_dir}/start'):
            if self.state() == 'inactive':
                self.kill()
                self._check(mounts)
                ready = self._fork(mounts, begun_at)
            else:
                ready = None
        if ready is None:
            self._join()
        elif os.read(ready, 1) != _ACTIVATED:
            raise self._failed('start', 'the container ended before it was ready')

    def ask_to_stop(self) -> int | None:
        """Begins an orderly shutdown; the process that will end, if there is one."""
        record = self._record()
        if record is None or not _lives(record):
            return None
        processes.send(int(record['PID']), processes.SIGTERM)
        return int(record['PID'])

    def stop(self) -> None:
        """Shuts it down; kills it when that takes longer than the stop timeout."""
        pid = self.ask_to_stop()
        if pid is not None:
            processes.wait_gone(pid, self._settings.delays['stop-timeout'])
        self.kill()

    def kill(self) -> None:
        """Ends it without a word, and with it what a container that died alone has left running."""
        record = self._record()
        if record is None:
            return
        if not _is_stranger(record):
            processes.kill_members(int(record['PID']))
        self.forget()

    def members(self) -> list[int]:
        """All its processes."""
        record = self._record()
        return [] if record is None or _is_stranger(record) else processes.members(int(record['PID']))

    def save(self, state: str) -> None:
        """Called by the container's own process."""
        pid = os.getpid()
        environment_file.write(
            self._path, {'PID': str(pid), 'START_TIME': str(processes.start_time(pid)), 'STATE': state}
        )

    def forget(self) -> None:
        """Called when nothing of it runs any more."""
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass

    def _record(self) -> dict[str, str] | None:
        try:
            return environment_file.read(self._path)
        except FileNotFoundError:
            return None

    def _check(self, mounts: Mounts) -> None:
        missing = [source for source in mounts.sources if not os.path.exists(source)]
        if missing:
            raise self._failed('start', f'Failed to stat {missing[0]}: No such file or directory')
        if not os.path.lexists(f'{self._settings.profile_dir}/{self.name}/system'):
            raise self._failed('start', 'the container has no system')

    def _fork(self, mounts: Mounts, begun_at: float) -> int:
        """Starts the container's process; a descriptor that tells when it is ready, or ended before."""
        readable, writable = os.pipe()
        if os.fork() == 0:
            # Imported by the child alone: it is the larger half of the program.
            from .container import live

            live(self._settings, self, mounts, begun_at, writable)
        os.close(writable)
        # The first byte says that the record is written, so that no second start begins.
        os.read(readable, 1)
        return readable

    def _join(self) -> None:
        while (state := self.state()) == 'activating':
            time.sleep(0.02)
        if state == 'inactive':
            raise self._failed('start', 'the container ended before it was ready')

    def _failed(self, verb: str, reason: str) -> Failure:
        os.write(2, f'container@{self.name}.service: {reason}\n'.encode())
        return Failure(f'failed to {verb} container', 1)


def _is_stranger(record: dict[str, str]) -> bool:
    # A session keeps its number while it has members: a younger process of that number means that none is left.
    return processes.start_time(int(record['PID'])) not in (None, record['START_TIME'])


def _lives(record: dict[str, str]) -> bool:
    return processes.start_time(int(record['PID'])) == record['START_TIME']
