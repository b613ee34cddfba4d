"""The three files that make a directory a configured runner, and the JIT configuration that packs them."""

import binascii
import json
import os

FILES = ('.runner', '.credentials', '.credentials_rsaparams')


class NotConfigured(Exception):
    """There is no usable registration; the message names the file and never its content."""


class Registration:
    """What a runner knows of itself. `client_id` is the secret that it opens its session with."""

    __slots__ = ('agent_id', 'agent_name', 'client_id', 'github_url', 'server_url', 'work_folder')

    def __init__(self, runner: dict[str, object], credentials: dict[str, object]) -> None:
        data = credentials['Data']
        if not isinstance(data, dict):
            raise TypeError
        self.agent_id = str(runner['AgentId'])
        self.agent_name = str(runner['AgentName'])
        self.server_url = str(runner['ServerUrl']).rstrip('/')
        self.github_url = str(runner['GitHubUrl'])
        self.work_folder = str(runner.get('WorkFolder', '_work'))
        self.client_id = str(data['ClientId'])


def store(jitconfig: str, root: str) -> None:
    """Unpacks a JIT configuration into the directory `root`. Error: NotConfigured."""
    try:
        packed = json.loads(binascii.a2b_base64(jitconfig.strip()))
        contents = {name: binascii.a2b_base64(packed[name]) for name in FILES}
    except (ValueError, KeyError, TypeError):
        raise NotConfigured('The JIT configuration is malformed.') from None
    for name, content in contents.items():
        with open(
            os.open(os.path.join(root, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'wb'
        ) as file:
            file.write(content)


def load(root: str) -> Registration:
    """Reads the registration in `root`. Error: NotConfigured."""
    try:
        return Registration(_read(root, '.runner'), _read(root, '.credentials'))
    except FileNotFoundError:
        raise NotConfigured('Runner is not configured.') from None
    except (ValueError, KeyError, TypeError):
        raise NotConfigured('The runner configuration is malformed.') from None


def remove(root: str) -> None:
    """Forgets the registration: an ephemeral runner does so once its job has completed."""
    for name in FILES:
        try:
            os.unlink(os.path.join(root, name))
        except FileNotFoundError:
            pass


def _read(root: str, name: str) -> dict[str, object]:
    with open(os.path.join(root, name), encoding='utf-8-sig') as file:
        content = json.load(file)
    if not isinstance(content, dict):
        raise TypeError
    return content
