"""One JSON request over plain HTTP.

`http.client` would do it too, for 40 ms and 6 MB a container: it loads ssl.
"""

import json
import select
import socket
import time

from .stop_request import StopRequest


class Interrupted(Exception):
    """A stop was requested while the answer was awaited."""


def call(
    base_url: str,
    method: str,
    path: str,
    body: dict[str, object] | None = None,
    *,
    seconds: float,
    stop: StopRequest | None = None,
) -> tuple[int, dict[str, object]]:
    """Status and JSON object of the answer (empty when it has none).

    Errors: OSError when there is no whole answer within `seconds`, Interrupted when `stop` comes first.
    """
    host, port, prefix = _split(base_url)
    deadline = time.monotonic() + seconds
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(_request(method, prefix + path, f'{host}:{port}', body))
        answer = b''
        while True:
            _await_readable(connection, deadline - time.monotonic(), stop)
            part = connection.recv(65536)
            if not part:
                return _parse(answer)
            answer += part


def _split(base_url: str) -> tuple[str, int, str]:
    scheme, _, rest = base_url.partition('://')
    authority, slash, prefix = rest.partition('/')
    host, _, port = authority.partition(':')
    if scheme != 'http' or not host:
        raise ValueError('the server address is not http://HOST[:PORT]')
    return host, int(port or 80), (slash + prefix).rstrip('/')


def _request(method: str, path: str, host: str, body: dict[str, object] | None) -> bytes:
    payload = b'' if body is None else json.dumps(body).encode()
    # HTTP/1.0: the answer ends where the connection does, so there are no chunks to decode.
    lines = [f'{method} {path} HTTP/1.0', f'Host: {host}', 'Accept: application/json']
    if body is not None:
        lines += ['Content-Type: application/json', f'Content-Length: {len(payload)}']
    return '\r\n'.join([*lines, '', '']).encode() + payload


def _await_readable(connection: socket.socket, seconds: float, stop: StopRequest | None) -> None:
    if stop is None:
        readable, _, _ = select.select([connection.fileno()], [], [], max(0.0, seconds))
    else:
        readable = stop.wait(seconds, connection.fileno())
        if stop.requested:
            raise Interrupted
    if not readable:
        raise TimeoutError('no answer in time')


def _parse(answer: bytes) -> tuple[int, dict[str, object]]:
    head, blank, payload = answer.partition(b'\r\n\r\n')
    words = head.split(b' ', 2)
    if not blank or len(words) < 2 or not words[1].isdigit():
        raise ConnectionError('the answer broke off')
    try:
        content = json.loads(payload) if payload else {}
    except ValueError:
        # A proxy's or an outage's page: the status is all that counts.
        content = {}
    return int(words[1]), content if isinstance(content, dict) else {}
