"""What containers have left in the simulator's directories, as JSON on stdout."""

import json
import os
import time

from . import conf, locks, processes
from .failure import Failure
from .settings import Settings
from .unit import Unit

_USAGE = """Usage: leftovers [--stop]
Lists the processes, confs, roots, profiles and held locks of the simulated containers of
NIXOS_CONTAINER_SIM_DIR (and CONTAINER_CONF_DIR, CONTAINER_ROOT_DIR); exits with 1 when there are any.
  --stop   first end all container processes, politely and side by side
"""
_POLITE_SECONDS = 10.0


def main(arguments: list[str]) -> int:
    """0 when nothing is left, 1 when something is, 2 when it can't be told."""
    if arguments not in ([], ['--stop']):
        os.write(1 if arguments == ['--help'] else 2, _USAGE.encode())
        return 0 if arguments == ['--help'] else 2
    try:
        settings = Settings(os.environ)
    except Failure as failure:
        os.write(2, f'{failure.message}\n'.encode())
        return 2
    if arguments:
        _stop_all(settings)
    left = _find(settings)
    os.write(1, f'{json.dumps(left, indent=2)}\n'.encode())
    return 1 if any(left.values()) else 0


def _stop_all(settings: Settings) -> None:
    units = _units(settings)
    ending = [pid for unit in units if (pid := unit.ask_to_stop()) is not None]
    deadline = time.monotonic() + _POLITE_SECONDS
    for pid in ending:
        processes.wait_gone(pid, max(0.0, deadline - time.monotonic()))
    for unit in units:
        unit.kill()


def _find(settings: Settings) -> dict[str, object]:
    return {
        'processes': [
            {'container': unit.name, 'pid': pid} for unit in _units(settings) for pid in unit.members()
        ],
        'confs': list(conf.names(settings)) if os.path.isdir(settings.conf_dir) else [],
        'roots': _entries(settings.root_dir),
        'profiles': _entries(settings.profile_dir),
        'locks': [
            name for name in _entries(settings.lock_dir) if locks.is_held(f'{settings.lock_dir}/{name}')
        ],
    }


def _units(settings: Settings) -> list[Unit]:
    return [Unit(settings, name) for name in _entries(settings.run_dir) if not name.endswith('.tmp')]


def _entries(directory: str) -> list[str]:
    return sorted(os.listdir(directory)) if os.path.isdir(directory) else []
