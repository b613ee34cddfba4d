"""A job is a runner's only as long as it says so again and again."""

import time

from .job import Job
from .service import Refused, Service
from .stop_request import StopRequest

_RENEW_EVERY_SECONDS = 1.0


class Lease:
    """Renews a job while it is worked on, and learns from the answers that it is to end early."""

    def __init__(self, service: Service, job: Job, stop: StopRequest) -> None:
        # Why the job has to end early: `cancelled` (by GitHub or by a signal) or `lost`.
        self.ended: str | None = None
        self._service = service
        self._job = job
        self._stop = stop
        self._renew_at = time.monotonic() + _RENEW_EVERY_SECONDS

    def hold(self, seconds: float | None = None, descriptor: int | None = None) -> bool:
        """Waits for `seconds` or until `descriptor` is readable. False as soon as the job is to end early."""
        deadline = float('inf') if seconds is None else time.monotonic() + seconds
        descriptors = () if descriptor is None else (descriptor,)
        while True:
            if self._stop.requested:
                self.ended = 'cancelled'
                return False
            now = time.monotonic()
            if now >= deadline:
                return True
            if now >= self._renew_at and not self._renew():
                return False
            if self._stop.wait(min(deadline, self._renew_at) - now, *descriptors):
                return True

    def _renew(self) -> bool:
        self._renew_at = time.monotonic() + _RENEW_EVERY_SECONDS
        try:
            if self._service.renew(self._job):
                self.ended = 'cancelled'
        except Refused as refused:
            if refused.status == 404:
                self.ended = 'lost'
        except OSError:
            # An outage: the lease is good for minutes, so the job goes on.
            pass
        return self.ended is None
