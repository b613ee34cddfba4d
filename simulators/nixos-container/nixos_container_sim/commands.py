"""What each command of `nixos-container` does."""

import os
import time

from . import conf, environment_file, faults
from .failure import Failure
from .mounts import Mounts
from .options import Options
from .settings import Settings
from .unit import Unit

# What type checkers take for typing.TYPE_CHECKING, without the import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Commands:
    """The commands on one container; each returns the exit code. Error: Failure."""

    def __init__(self, settings: Settings, options: Options, name: str, begun_at: float) -> None:
        self._settings = settings
        self._options = options
        self._name = name
        self._begun_at = begun_at
        self._unit = Unit(settings, name)
        self._root = f'{settings.root_dir}/{name}'

    def create(self) -> int:
        """Makes a container that is not started."""
        values = self._options.values
        if 'config' in values and 'config-file' in values:
            raise Failure('--config and --config-file are mutually incompatible.', bare=True)
        name = conf.claim(self._settings, self._name, values)
        if faults.take(self._settings, 'create-hangs', name):
            _hang()
        self._take_until('create')
        # Any other way to say what is in it takes an evaluation, which `--system-path` spares.
        system = values.get('system-path') or values.get('config-file')
        missing = system is not None and not os.path.exists(system)
        if missing:
            os.write(2, f"error: getting status of '{system}': No such file or directory\n".encode())
        if missing or faults.take(self._settings, 'create-fails', name):
            _clear(self._settings, name)
            raise Failure('failed to set initial container configuration', 2)
        profile = f'{self._settings.profile_dir}/{name}'
        os.makedirs(profile, exist_ok=True)
        os.symlink(os.path.abspath(system) if system else 'evaluated', f'{profile}/system')
        if 'ensure-unique-name' in values:
            os.write(1, f'{name}\n'.encode())
        return 0

    def destroy(self) -> int:
        """Removes the container. One that is just activating is not ended: neither does the real program."""
        if faults.take(self._settings, 'destroy-fails', self._name):
            raise Failure('failed to terminate container', 1)
        if self._unit.state() != 'activating':
            self._unit.kill()
        self._take_until('destroy')
        _clear(self._settings, self._name)
        return 0

    def start(self) -> int:
        """Returns when the container is ready; its boot goes on."""
        if faults.take(self._settings, 'start-fails', self._name):
            self._take_until('start')
            raise Failure('failed to start container', 1)
        self._unit.start(Mounts(self._variables().get('EXTRA_NSPAWN_FLAGS', '')))
        return 0

    def stop(self) -> int:
        """Shuts the container down."""
        if faults.take(self._settings, 'stop-fails', self._name):
            raise Failure('failed to stop container', 1)
        self._unit.stop()
        return 0

    def restart(self) -> int:
        """Stops, then starts."""
        return self.stop() or self.start()

    def terminate(self) -> int:
        """Ends the container at once."""
        self._require_running()
        self._unit.kill()
        return 0

    def status(self) -> int:
        """Prints `up` or `down`; a missing container is `gone`, which the caller has found out."""
        os.write(1, b'up\n' if self._unit.state() == 'active' else b'down\n')
        return 0

    def run(self) -> int:
        """Runs a command of the host in the container's root directory; its exit code is ours."""
        self._require_running()
        env = {'HOME': self._root, 'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'USER': 'root'}
        os.chdir(self._root)
        os.execve('/bin/sh', ['sh', '-c', 'exec "$@"', 'sh', *self._options.words[2:]], env)

    def show_ip(self) -> int:
        """Prints the container's address."""
        address = self._variables().get('LOCAL_ADDRESS', '').partition('/')[0]
        if not address:
            raise Failure('cannot get IP address')
        os.write(1, f'{address}\n'.encode())
        return 0

    def _variables(self) -> dict[str, str]:
        return environment_file.read(conf.path_of(self._settings, self._name))

    def _require_running(self) -> None:
        if self._unit.state() != 'active':
            raise Failure("unable to get container's main PID", bare=True)

    def _take_until(self, delay: str) -> None:
        time.sleep(max(0.0, self._begun_at + self._settings.delays[delay] - time.monotonic()))


ACTIONS: 'dict[str, Callable[[Commands], int]]' = {
    'create': Commands.create,
    'destroy': Commands.destroy,
    'restart': Commands.restart,
    'run': Commands.run,
    'show-ip': Commands.show_ip,
    'start': Commands.start,
    'status': Commands.status,
    'stop': Commands.stop,
    'terminate': Commands.terminate,
}


def _clear(settings: Settings, name: str) -> None:
    for directory in (settings.profile_dir, settings.root_dir):
        _remove_tree(f'{directory}/{name}')
    os.unlink(conf.path_of(settings, name))


def _hang() -> None:
    """Until the caller loses patience."""
    while True:
        time.sleep(3600)


def _remove_tree(path: str) -> None:
    # `shutil` would do it too, for 8 ms.
    for directory, subdirectories, files in os.walk(path, topdown=False):
        for file in files:
            os.unlink(f'{directory}/{file}')
        for subdirectory in subdirectories:
            child = f'{directory}/{subdirectory}'
            if os.path.islink(child):
                os.unlink(child)
            else:
                os.rmdir(child)
        # The last one is `path` itself.
        if directory == path:
            os.rmdir(path)
