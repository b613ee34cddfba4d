"""Works on one job: hook, script, hook."""

import os

from .job import Job
from .lease import Lease
from .program import Program
from .registration import Registration

# A job that was cancelled still gets its completed hook, but not for ever.
_LAST_HOOK_SECONDS = 10.0


class Worker:
    """Runs a job in the runner's work folder, as the current user. `log` gets all output."""

    def __init__(self, job: Job, registration: Registration, root: str, lease: Lease, log: int) -> None:
        self._job = job
        self._lease = lease
        self._log = log
        work = os.path.join(root, registration.work_folder)
        name = job.repository.rpartition('/')[2]
        self._temp = os.path.join(work, '_temp')
        self._workspace = os.path.join(work, name, name)
        for directory in (self._temp, self._workspace):
            os.makedirs(directory, exist_ok=True)
        self._env = {
            **os.environ,
            **job.env,
            'CI': 'true',
            'GITHUB_ACTIONS': 'true',
            'GITHUB_JOB': job.name,
            'GITHUB_REPOSITORY': job.repository,
            'GITHUB_RUN_ATTEMPT': job.run_attempt,
            'GITHUB_RUN_ID': job.run_id,
            'GITHUB_SERVER_URL': _server_url(registration),
            'GITHUB_WORKFLOW': job.workflow,
            'GITHUB_WORKSPACE': self._workspace,
            'RUNNER_NAME': registration.agent_name,
            'RUNNER_OS': 'Linux',
            'RUNNER_TEMP': self._temp,
        }

    def start(self) -> bool:
        """Runs the started hook; False when it failed."""
        return self._hook('ACTIONS_RUNNER_HOOK_JOB_STARTED')

    def work(self) -> bool:
        """Runs the job's script, or waits in its stead; whether it went well."""
        if self._job.script is None:
            return self._lease.hold(self._job.seconds)
        path = os.path.join(self._temp, f'{self._job.id}.sh')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(self._job.script)
        return self._run(['bash', '-e', path])

    def finish(self) -> bool:
        """Runs the completed hook, whatever became of the job; False when it failed."""
        return self._hook('ACTIONS_RUNNER_HOOK_JOB_COMPLETED')

    def _hook(self, variable: str) -> bool:
        path = os.environ.get(variable)
        if not path:
            return True
        if not path.endswith('.sh') or not os.path.isfile(path):
            os.write(self._log, f'{variable}: {path} is not a .sh file\n'.encode())
            return False
        return self._run(['bash', '-e', path])

    def _run(self, arguments: list[str]) -> bool:
        program = Program(arguments, self._workspace, self._env, self._log)
        if self._lease.ended is not None:
            program.wait(_LAST_HOOK_SECONDS)
        elif not self._lease.hold(descriptor=program.descriptor):
            program.interrupt()
        return program.reap() == 0


def _server_url(registration: Registration) -> str:
    # https://github.com of https://github.com/owner/repo.
    return '/'.join(registration.github_url.split('/')[:3])
