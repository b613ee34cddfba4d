"""Where the simulator keeps things and how long they take, from the environment."""

import os

from .failure import Failure

# Seconds. The three timeouts are systemd's and the retry is the runner's; the rest is what takes time on a host.
_DEFAULT_DELAYS = {
    'create': 0.0,
    'start': 0.0,
    'boot': 0.0,
    'listen': 0.0,
    'stop': 0.0,
    'destroy': 0.0,
    'start-timeout': 60.0,
    'stop-timeout': 90.0,
    'retry': 1.0,
}


class Settings:
    """`delays` are seconds by the names above."""

    def __init__(self, env: 'os._Environ[str]') -> None:
        base = env.get('NIXOS_CONTAINER_SIM_DIR', '')
        if not base.startswith('/'):
            raise Failure('NIXOS_CONTAINER_SIM_DIR has to be the absolute path of a directory')
        self.base_dir = base
        self.run_dir = f'{base}/run'
        self.lock_dir = f'{base}/lock'
        self.profile_dir = f'{base}/profiles'
        # Not the real program's directories when unset: a simulator has no business in /etc.
        self.conf_dir = env.get('CONTAINER_CONF_DIR') or f'{base}/conf'
        self.root_dir = env.get('CONTAINER_ROOT_DIR') or f'{base}/roots'
        self.delays = _delays(env.get('NIXOS_CONTAINER_SIM_DELAYS', ''))

    def make_directories(self) -> None:
        """Makes what is missing, as the real program does with its own."""
        for path in (self.run_dir, self.lock_dir, self.profile_dir, self.conf_dir):
            os.makedirs(path, exist_ok=True)
        os.makedirs(self.root_dir, 0o700, exist_ok=True)


def _delays(text: str) -> dict[str, float]:
    delays = dict(_DEFAULT_DELAYS)
    try:
        given = _parse(text)
        unknown = sorted(set(given) - set(delays))
        delays.update((name, float(seconds)) for name, seconds in given.items())
    except (TypeError, ValueError, AttributeError):
        raise Failure('NIXOS_CONTAINER_SIM_DELAYS is neither NAME=SECONDS,… nor a JSON object') from None
    if unknown:
        raise Failure(
            f'NIXOS_CONTAINER_SIM_DELAYS has no {", ".join(unknown)}; it has {", ".join(_DEFAULT_DELAYS)}'
        )
    return delays


def _parse(text: str) -> dict[str, float | str]:
    if text.lstrip().startswith('{'):
        import json

        parsed: dict[str, float | str] = json.loads(text)
        return parsed
    pairs = (part.partition('=') for part in text.split(',') if part.strip())
    return {name.strip(): seconds for name, _, seconds in pairs}
