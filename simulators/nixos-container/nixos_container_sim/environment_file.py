"""Files of KEY=value lines, as systemd reads them."""

import os


def read(path: str) -> dict[str, str]:
    """The variables in the file; a value may be quoted as a whole. Error: FileNotFoundError."""
    with open(path, encoding='utf-8') as file:
        pairs = [line.strip().partition('=') for line in file if not line.lstrip().startswith(('#', ';'))]
    return {key: _unquoted(value) for key, equals, value in pairs if equals}


def write(path: str, variables: dict[str, str]) -> None:
    """Replaces the file in one step."""
    temporary = f'{path}.{os.getpid()}.tmp'
    with open(temporary, 'w', encoding='utf-8') as file:
        file.writelines(f'{key}={value}\n' for key, value in variables.items())
    os.rename(temporary, path)


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in '"\''
    return value[1:-1] if quoted else value
