"""The command line of `nixos-container`, parsed as its Getopt::Long does: options anywhere, `--` ends them."""

from .failure import Failure

# What type checkers take for typing.TYPE_CHECKING, without the import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = """Usage: nixos-container list
       nixos-container create <container-name>
         [--system-path <path>]
         [--config <string>]
         [--config-file <path>]
         [--flake <flakeref>]
         [--nixos-path <path>]
         [--ensure-unique-name]
         [--auto-start]
         [--bridge <iface>]
         [--port <port>]
         [--host-address <string>]
         [--local-address <string>]
       nixos-container destroy <container-name>
       nixos-container restart <container-name>
       nixos-container start <container-name>
       nixos-container stop <container-name>
       nixos-container terminate <container-name>
       nixos-container status <container-name>
       nixos-container run <container-name> -- args...
       nixos-container show-ip <container-name>
"""

_FLAGS = ('ensure-unique-name', 'auto-start', 'help')
_VALUES = (
    'bridge',
    'config',
    'config-file',
    'flake',
    'host-address',
    'local-address',
    'nixos-path',
    'port',
    'signal',
    'system-path',
)


class Options:
    """`words` are the arguments that are no options; `values` has each option given (a flag's value is `1`)."""

    def __init__(self, arguments: list[str]) -> None:
        self.words: list[str] = []
        self.values: dict[str, str] = {}
        rest = iter(arguments)
        for argument in rest:
            if argument == '--':
                self.words += rest
            elif argument.startswith('--'):
                self._take(argument, rest)
            else:
                self.words.append(argument)
        if ('host-address' in self.values) != ('local-address' in self.values):
            raise Failure('With --host-address set, --local-address is required as well!', bare=True)

    def _take(self, argument: str, rest: 'Iterator[str]') -> None:
        name, equals, value = argument[2:].partition('=')
        if name in _FLAGS and not equals:
            self.values[name] = '1'
        elif name not in _VALUES:
            raise Failure(f'Unknown option: {name}', 1, bare=True)
        elif equals:
            self.values[name] = value
        else:
            following = next(rest, None)
            if following is None:
                raise Failure(f'Option {name} requires an argument', 1, bare=True)
            self.values[name] = following
