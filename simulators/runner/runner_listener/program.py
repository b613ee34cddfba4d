"""A program that can be waited for, and ended together with all that it started."""

import os
import select
import signal
import subprocess

# The real runner gives 7.5 s after SIGINT; a stand-in's jobs have nothing to tidy up.
_GRACE_SECONDS = 2.0


class Program:
    """Runs `arguments` in a process group of its own; its output goes to the descriptor `log`."""

    def __init__(self, arguments: list[str], directory: str, env: dict[str, str], log: int) -> None:
        self._process = subprocess.Popen(
            arguments,
            cwd=directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,
        )
        # Readable once the program has ended.
        self.descriptor = os.pidfd_open(self._process.pid)

    def wait(self, seconds: float) -> bool:
        """Whether it ends by itself within `seconds`."""
        return bool(select.select([self.descriptor], [], [], seconds)[0])

    def interrupt(self) -> None:
        """Asks it to end, and waits a little."""
        self._signal(signal.SIGINT)
        self.wait(_GRACE_SECONDS)

    def reap(self) -> int:
        """Kills what is left of its group; its exit code, negative for a signal.

        The leader is reaped last: until then its number, and so the group's, can't be anybody else's.
        """
        self._signal(signal.SIGKILL)
        os.close(self.descriptor)
        return self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass
