"""Which commands have changed something, for those who count containers: `history.jsonl`, one JSON object a line."""

import os
import time

from .settings import Settings


def note(settings: Settings, command: str, container: str, code: int, seconds: float) -> None:
    """Appends `{at, command, container, exitCode, ms}`; `at` is milliseconds since the epoch, of the end."""
    # Every value is a number or was checked to be harmless, so no `json` is needed.
    line = (
        f'{{"at":{int(time.time() * 1000)},"command":"{command}","container":"{container}",'
        f'"exitCode":{code},"ms":{round(seconds * 1000)}}}\n'
    )
    descriptor = os.open(f'{settings.base_dir}/history.jsonl', os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    # One write, so that commands side by side don't mix their lines.
    os.write(descriptor, line.encode())
    os.close(descriptor)
