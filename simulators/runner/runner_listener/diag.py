"""What the runner says to its operator, and the log files that the real one leaves in `_diag`."""

import os
import time


def utc(pattern: str) -> str:
    """The present moment in UTC."""
    return time.strftime(pattern, time.gmtime())


class Diag:
    """Writes `_diag/Runner_<time>-utc.log` in the runner's root."""

    def __init__(self, root: str, output: int) -> None:
        self._output = output
        self._directory = os.path.join(root, '_diag')
        os.makedirs(self._directory, exist_ok=True)
        self._log = self._open('Runner')

    def say(self, text: str) -> None:
        """A line for the terminal, which is the journal of the runner's unit."""
        # Unbuffered: the line has to be there when the process is killed next.
        os.write(self._output, f'{text}\n'.encode())
        self.trace(text)

    def say_at(self, text: str) -> None:
        """The same, headed by the time."""
        self.say(f'{utc("%Y-%m-%d %H:%M:%SZ")}: {text}')

    def trace(self, text: str) -> None:
        """A line for the log file only. Never a secret."""
        if text:
            os.write(self._log, f'[{utc("%Y-%m-%d %H:%M:%SZ")} INFO Listener] {text}\n'.encode())

    def open_worker_log(self) -> int:
        """A descriptor for the log of a job, which gets all that its script prints."""
        return self._open('Worker')

    def close(self) -> None:
        os.close(self._log)

    def _open(self, kind: str) -> int:
        path = os.path.join(self._directory, f'{kind}_{utc("%Y%m%d-%H%M%S")}-utc.log')
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
