"""Faults that a test switches on while everything runs: a JSON list in `faults.json` of the simulator's directory."""

import os

from .failure import Failure
from .locks import Lock
from .settings import Settings

NAMES = (
    'list-fails',
    'create-fails',
    'create-hangs',
    'create-hangs',
    'start-fails',
    'start-hangs',
    'boot-silent',
    'dies',
    'stop-fails',
    'stop-hangs',
    'destroy-fails',
)


def take(settings: Settings, fault: str, container: str | None = None) -> dict[str, object] | None:
    """The entry of a fault that strikes now, which uses up one of its `times`."""
    path = f'{settings.base_dir}/faults.json'
    # Nearly always there is none, and then nothing more is paid for.
    if not os.path.exists(path):
        return None
    with Lock(f'{settings.lock_dir}/faults'):
        entries = _read(path)
        for entry in entries:
            if entry.get('fault') == fault and entry.get('container') in (None, container):
                _use_up(path, entries, entry)
                return entry
    return None


def _read(path: str) -> list[dict[str, object]]:
    import json

    try:
        with open(path, encoding='utf-8') as file:
            text = file.read()
        entries = json.loads(text) if text.strip() else []
    except FileNotFoundError:
        return []
    except ValueError:
        raise Failure('faults.json is no JSON') from None
    for entry in entries:
        if entry.get('fault') not in NAMES:
            raise Failure(f'faults.json: no fault ‘{entry.get("fault")}’; there are {", ".join(NAMES)}')
    return list(entries)


def _use_up(path: str, entries: list[dict[str, object]], entry: dict[str, object]) -> None:
    times = entry.get('times')
    if not isinstance(times, int):
        return
    import json

    left = [other for other in entries if other is not entry]
    if times > 1:
        left.append({**entry, 'times': times - 1})
    with open(f'{path}.tmp', 'w', encoding='utf-8') as file:
        json.dump(left, file)
    os.rename(f'{path}.tmp', path)
