"""Signals as something that can be waited for together with sockets and processes."""

import os
import select
import signal


class StopRequest:
    """Notes the first of `signals` and wakes every wait from then on, so that nothing has to be polled."""

    def __init__(self, signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)) -> None:
        self.requested = False
        self._readable, writable = os.pipe()
        os.set_blocking(writable, False)
        signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, self._note)

    def wait(self, seconds: float | None, *descriptors: int) -> list[int]:
        """Those of `descriptors` that are readable within `seconds` (None: for ever); none once requested."""
        timeout = None if seconds is None else max(0.0, seconds)
        # The pipe is never drained: after a signal every wait returns at once.
        ready, _, _ = select.select([self._readable, *descriptors], [], [], timeout)
        return [descriptor for descriptor in ready if descriptor != self._readable]

    def _note(self, _number: int, _frame: object) -> None:
        self.requested = True
