"""The containers that exist: one `CONTAINER_CONF_DIR/NAME.conf` each."""

import os

from . import environment_file
from .failure import Failure
from .locks import Lock
from .settings import Settings

_NAME_LENGTH = 11
_NAME_CHARACTERS = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-')


def check_name(name: str) -> None:
    """Error: Failure."""
    if not name or not _NAME_CHARACTERS.issuperset(name):
        raise Failure('invalid container name')


def path_of(settings: Settings, name: str) -> str:
    """The container's environment file."""
    return f'{settings.conf_dir}/{name}.conf'


def names(settings: Settings) -> list[str]:
    """All containers, running or not."""
    files = os.listdir(settings.conf_dir)
    return sorted(file[:-5] for file in files if file.endswith('.conf') and not file.startswith('.'))


def claim(settings: Settings, name: str, options: dict[str, str]) -> str:
    """Picks addresses and writes the conf under the lock of `create`; the name that it got. Error: Failure."""
    with Lock(f'{settings.lock_dir}/nixos-container'):
        if 'ensure-unique-name' in options:
            name = _unique(settings, name)
        if os.path.exists(path_of(settings, name)):
            raise Failure(f'container ‘{name}’ already exists', 25)
        if len(name) > _NAME_LENGTH:
            raise Failure(f'container name ‘{name}’ is too long', 2)
        host_address, local_address = _addresses(settings, options)
        variables = {
            'PRIVATE_NETWORK': '1',
            'HOST_ADDRESS': host_address,
            'LOCAL_ADDRESS': local_address,
            'HOST_BRIDGE': options.get('bridge', ''),
            'HOST_PORT': options.get('port', ''),
            'AUTO_START': options.get('auto-start', '0'),
        }
        if 'flake' in options:
            variables['FLAKE'] = options['flake']
        environment_file.write(path_of(settings, name), variables)
    os.write(2, f'host IP is {host_address}, container IP is {local_address}\n'.encode())
    return name


def _unique(settings: Settings, base: str) -> str:
    name, number = base, 0
    while os.path.exists(path_of(settings, name)) or os.path.exists(f'{settings.root_dir}/{name}'):
        name, number = f'{base}-{number}', number + 1
    return name


def _addresses(settings: Settings, options: dict[str, str]) -> tuple[str, str]:
    if 'host-address' in options:
        return options['host-address'], options['local-address']
    confs = [environment_file.read(path_of(settings, name)) for name in names(settings)]
    used = {conf.get(key) for conf in confs for key in ('HOST_ADDRESS', 'LOCAL_ADDRESS')}
    for number in range(1, 255):
        pair = f'10.233.{number}.1', f'10.233.{number}.2'
        if used.isdisjoint(pair):
            return pair
    raise Failure('out of IP addresses')
