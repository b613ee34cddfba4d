"""The life of an ephemeral runner: a session, one job, the end."""

import os

from . import exit_codes
from . import registration as registrations
from .diag import Diag
from .http_call import Interrupted
from .job import Job
from .lease import Lease
from .registration import Registration
from .service import Refused, Service
from .stop_request import StopRequest
from .worker import Worker

# The real runner waits 30 s between tries, and gives up on a conflict after 4 minutes.
_CONFLICT_TRIES = 8
_COMPLETE_TRIES = 20
_VERSION = '2.336.0'
_RESULTS = {'success': 'Succeeded', 'failure': 'Failed', 'cancelled': 'Canceled', 'lost': 'Abandoned'}


class Observer:
    """Is told what happens, for those who embed the runner; each method is a moment of a life."""

    def listening(self) -> None:
        """The session is open."""

    def job_started(self, job: Job, runner_name: str) -> None:
        """When the real runner calls its started hook."""

    def job_completed(self, job: Job, runner_name: str) -> None:
        """When the real runner calls its completed hook: GitHub is told afterwards."""


class Listener:
    """Serves one job for the registration in `root`. `retry_seconds` is the pause after a failed call."""

    def __init__(
        self, root: str, diag: Diag, stop: StopRequest, retry_seconds: float, observer: Observer | None = None
    ) -> None:
        self._root = root
        self._diag = diag
        self._stop = stop
        self._retry_seconds = retry_seconds
        self._observer = observer or Observer()
        self._troubled = False

    def run(self) -> int:
        """Lives until the job is done or a stop is requested; the exit code."""
        try:
            registration = registrations.load(self._root)
        except registrations.NotConfigured as problem:
            self._diag.say(str(problem))
            return exit_codes.TERMINATED
        service = Service(registration, self._stop)
        try:
            code = self._connect(service)
            if code is not None:
                return code
            job = self._listen(service)
        except Interrupted:
            self._close(service)
            return exit_codes.SUCCESS
        self._serve(service, registration, job)
        if not self._stop.requested:
            registrations.remove(self._root)
        return exit_codes.SUCCESS

    def _connect(self, service: Service) -> int | None:
        """Opens the session; an exit code when that can't be."""
        conflicts = 0
        while True:
            try:
                service.open_session()
                break
            except Refused as refused:
                conflicts += refused.status == 409
                code = self._refusal(refused, conflicts)
                if code is not None:
                    return code
            except OSError as problem:
                self._trouble(problem)
            self._pause()
        self._well()
        for line in ('', '√ Connected to GitHub', '', f"Current runner version: '{_VERSION}'"):
            self._diag.say(line)
        self._diag.say_at('Listening for Jobs')
        self._observer.listening()
        return None

    def _refusal(self, refused: Refused, conflicts: int) -> int | None:
        """What a refused session leads to: an exit code, or None to try again."""
        if refused.status in (401, 404):
            self._diag.say(
                'Failed to create a session. '
                'The runner registration has been deleted from the server, please re-configure.'
            )
            return exit_codes.TERMINATED
        if refused.status == 426:
            self._diag.say(
                f'An error occurred: Runner version v{_VERSION} is deprecated and cannot receive messages.'
            )
            wanted = os.environ.get('ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE', '')
            return exit_codes.VERSION_DEPRECATED if wanted.lower() in ('1', 'true') else exit_codes.TERMINATED
        if refused.status == 409:
            if conflicts == 1:
                self._diag.say('A session for this runner already exists.')
            if conflicts >= _CONFLICT_TRIES:
                self._diag.say('Failed to create session.')
                return exit_codes.SESSION_CONFLICT
            return None
        if refused.status < 500 and refused.status != 429:
            self._diag.say(f'An error occurred: {refused}')
            return exit_codes.RETRYABLE
        self._trouble(refused)
        return None

    def _listen(self, service: Service) -> Job:
        while True:
            try:
                job = service.next_job()
                self._well()
                if job is not None:
                    return job
                continue
            except Refused as refused:
                if refused.status == 404:
                    # actions/runner#4617: it goes on listening for ever for jobs that can't come any more.
                    self._diag.trace('The session is gone.')
                    self._stop.wait(None)
                    raise Interrupted from None
                self._trouble(refused)
            except OSError as problem:
                self._trouble(problem)
            self._pause()

    def _serve(self, service: Service, registration: Registration, job: Job) -> None:
        self._diag.say_at(f'Running job: {job.name}')
        lease = Lease(service, job, self._stop)
        log = self._diag.open_worker_log()
        worker = Worker(job, registration, self._root, lease, log)
        self._observer.job_started(job, registration.agent_name)
        good = worker.start() and worker.work()
        # Not `and`: the completed hook runs after a failed job too, and its failure fails a good one.
        good = worker.finish() and good
        self._observer.job_completed(job, registration.agent_name)
        os.close(log)
        if self._stop.requested:
            self._diag.say('Exiting...')
        conclusion = lease.ended or ('success' if good else 'failure')
        self._complete(service, job, conclusion)
        self._diag.say_at(f'Job {job.name} completed with result: {_RESULTS[conclusion]}')

    def _complete(self, service: Service, job: Job, conclusion: str) -> None:
        if conclusion == 'lost':
            return
        for _ in range(_COMPLETE_TRIES):
            try:
                service.complete(job, conclusion)
                return
            except Refused as refused:
                problem: Exception = refused
                if refused.status < 500 and refused.status != 429:
                    break
            except OSError as error:
                problem = error
            if self._stop.requested:
                break
            self._stop.wait(self._retry_seconds)
        self._diag.trace(f'The result could not be reported: {problem}')

    def _close(self, service: Service) -> None:
        self._diag.say('Exiting...')
        try:
            service.close_session()
        except (Refused, OSError) as problem:
            self._diag.trace(f'The session could not be closed: {problem}')

    def _trouble(self, problem: Exception) -> None:
        """Tells of the first of a row of failures."""
        if not self._troubled:
            self._diag.say_at(f'Runner connect error: {problem}. Retrying until reconnected.')
        self._troubled = True

    def _well(self) -> None:
        if self._troubled:
            self._diag.say_at('Runner reconnected.')
        self._troubled = False

    def _pause(self) -> None:
        self._stop.wait(self._retry_seconds)
        if self._stop.requested:
            raise Interrupted
