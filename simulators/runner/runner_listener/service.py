"""The runner's side of the simulated GitHub: sessions, messages, leases."""

from . import http_call
from .job import Job
from .registration import Registration
from .stop_request import StopRequest

# GitHub holds a poll for 50 s.
_POLL_SECONDS = 65.0
_CALL_SECONDS = 5.0
# Short, because a job's end is not noticed while a renewal hangs.
_RENEW_SECONDS = 2.0


class Refused(Exception):
    """The service answered with an error `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f'HTTP status {status}')
        self.status = status


class Service:
    """Each method raises Refused on an error status and OSError when there was no answer."""

    def __init__(self, registration: Registration, stop: StopRequest) -> None:
        self._registration = registration
        self._stop = stop
        self._session = ''

    def open_session(self) -> None:
        """Makes the runner online. Statuses: 404 no such registration, 409 in use, 426 version deprecated."""
        registration = self._registration
        body: dict[str, object] = {'agentId': registration.agent_id, 'clientId': registration.client_id}
        # No stop breaks this off: a session whose id never arrives could not be closed.
        answer = self._call('POST', '/_runner/sessions', body)
        self._session = str(answer.get('sessionId'))

    def next_job(self) -> Job | None:
        """Waits for a job; None when the poll ended without one. Interrupted when a stop is requested."""
        path = f'/_runner/sessions/{self._session}/message'
        message = self._call('GET', path, seconds=_POLL_SECONDS, stop=self._stop).get('job')
        return Job(message) if isinstance(message, dict) else None

    def renew(self, job: Job) -> bool:
        """Keeps the job ours; True when GitHub wants it cancelled. Status: 404 the job is no longer ours."""
        answer = self._call(
            'POST', f'/_runner/jobs/{job.id}/renew', {'sessionId': self._session}, seconds=_RENEW_SECONDS
        )
        return answer.get('cancelled') is True

    def complete(self, job: Job, conclusion: str) -> None:
        """Reports `success`, `failure` or `cancelled`; GitHub then forgets the ephemeral runner."""
        body: dict[str, object] = {'sessionId': self._session, 'conclusion': conclusion}
        self._call('POST', f'/_runner/jobs/{job.id}/complete', body)

    def close_session(self) -> None:
        """Makes the runner offline."""
        self._call('DELETE', f'/_runner/sessions/{self._session}')

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, object] | None = None,
        *,
        seconds: float = _CALL_SECONDS,
        stop: StopRequest | None = None,
    ) -> dict[str, object]:
        status, answer = http_call.call(
            self._registration.server_url, method, path, body, seconds=seconds, stop=stop
        )
        if status >= 300:
            raise Refused(status)
        return answer
