"""A job as the simulated GitHub hands it out."""


class Job:
    """One job: a bash `script`, or merely `seconds` of doing nothing."""

    __slots__ = ('env', 'id', 'name', 'repository', 'run_attempt', 'run_id', 'script', 'seconds', 'workflow')

    def __init__(self, message: dict[str, object]) -> None:
        script, env = message.get('script'), message.get('env')
        self.id = str(message['id'])
        self.run_id = str(message['runId'])
        self.run_attempt = str(message.get('runAttempt', 1))
        self.repository = str(message['repository'])
        self.workflow = str(message.get('workflow', ''))
        self.name = str(message.get('name', ''))
        self.seconds = float(str(message.get('durationMs', 0))) / 1000
        self.script = script if isinstance(script, str) else None
        self.env = {str(key): str(value) for key, value in env.items()} if isinstance(env, dict) else {}
