"""From the command line to a command, and from a failure to a message."""

import os
import time

from . import conf, faults, history
from .commands import ACTIONS, Commands
from .failure import Failure
from .options import USAGE, Options
from .settings import Settings

# Those that change something, and so are written down.
_NOTED = ('create', 'destroy', 'start', 'stop', 'restart', 'terminate')


def main(argv: list[str]) -> int:
    """The exit code."""
    os.umask(0o022)
    try:
        return _perform(argv[1:])
    except Failure as failure:
        prefix = '' if failure.bare else f'{argv[0]}: '
        os.write(2, f'{prefix}{failure.message}\n'.encode())
        return failure.code
    except OSError as problem:
        # E.g. two that destroy the same container: the slower one finds nothing to unlink, and Perl dies of it.
        os.write(2, f'{argv[0]}: {problem}\n'.encode())
        return problem.errno or 1
    except KeyboardInterrupt:
        return 130


def _perform(arguments: list[str]) -> int:
    begun_at = time.monotonic()
    options = Options(arguments)
    if 'help' in options.values:
        os.write(1, USAGE.encode())
        return 0
    if not options.words:
        raise Failure('no action specified')
    settings = Settings(os.environ)
    settings.make_directories()
    action = options.words[0]
    if action == 'list':
        return _list(settings)
    if len(options.words) < 2:
        raise Failure('no container name specified')
    name = options.words[1]
    conf.check_name(name)
    if action != 'create' and not os.path.exists(conf.path_of(settings, name)):
        return _missing(action, name)
    if action not in ACTIONS:
        raise Failure(f'unknown action ‘{action}’')
    code = 255
    try:
        code = ACTIONS[action](Commands(settings, options, name, begun_at))
    except Failure as failure:
        code = failure.code
        raise
    finally:
        if action in _NOTED:
            history.note(settings, action, name, code, time.monotonic() - begun_at)
    return code


def _list(settings: Settings) -> int:
    if faults.take(settings, 'list-fails'):
        raise Failure(f'mkdir {settings.conf_dir}: Read-only file system', 30, bare=True)
    os.write(1, ''.join(f'{name}\n' for name in conf.names(settings)).encode())
    return 0


def _missing(action: str, name: str) -> int:
    if action == 'destroy':
        return 0
    if action == 'status':
        os.write(1, b'gone\n')
    raise Failure(f'container ‘{name}’ does not exist', 2)
