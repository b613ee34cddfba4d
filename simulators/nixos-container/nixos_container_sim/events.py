"""The event files by which a container reports to its host."""

import json
import os
import time

from runner_listener.job import Job
from runner_listener.listener import Observer


class EventFiles:
    """Writes each event as one JSON file, by rename. Once the host has removed the directory, nothing is written."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def write(self, event: str, fields: dict[str, object] | None = None) -> None:
        """Reports `booted`, `listening`, `job-started`, `job-completed` or `exited`."""
        now = time.time()
        at = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now)) + f'.{int(now * 1000) % 1000:03}Z'
        temporary = f'{self._directory}/.{event}.tmp'
        try:
            with open(temporary, 'w', encoding='utf-8') as file:
                json.dump({'at': at, **(fields or {})}, file)
            os.rename(temporary, f'{self._directory}/{event}')
        except FileNotFoundError:
            pass


class EventObserver(Observer):
    """Reports what the runner does, in the place of the hook scripts of a real container."""

    def __init__(self, files: EventFiles) -> None:
        self._files = files

    def listening(self) -> None:
        self._files.write('listening')

    def job_started(self, job: Job, runner_name: str) -> None:
        self._files.write('job-started', _fields(job, runner_name))

    def job_completed(self, job: Job, runner_name: str) -> None:
        self._files.write('job-completed', _fields(job, runner_name))


def _fields(job: Job, runner_name: str) -> dict[str, object]:
    return {
        'repository': job.repository,
        'workflow': job.workflow,
        'job': job.name,
        'runId': job.run_id,
        'runAttempt': int(job.run_attempt),
        'runnerName': runner_name,
    }
