"""The command line of `Runner.Listener`, as far as a container uses it."""

import os

from . import exit_codes, registration
from .diag import Diag
from .listener import Listener
from .stop_request import StopRequest

_USAGE = """Commands:
 run --jitconfig <config>   Unpack the JIT configuration, then run
 run                        Run with the configuration in $RUNNER_ROOT
"""


def main(arguments: list[str]) -> int:
    """Runs the runner; its exit code."""
    stop = StopRequest()
    # The real runner takes every argument from the environment too, which keeps it out of `ps`.
    jitconfig = os.environ.pop('ACTIONS_RUNNER_INPUT_JITCONFIG', None)
    match arguments:
        case ['run']:
            pass
        case ['run', '--jitconfig', jitconfig]:
            pass
        case _:
            os.write(2, _USAGE.encode())
            return exit_codes.TERMINATED
    program = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    root = os.environ.get('RUNNER_ROOT', program)
    diag = Diag(root, output=1)
    if jitconfig is not None:
        try:
            registration.store(jitconfig, root)
        except registration.NotConfigured as problem:
            diag.say(str(problem))
            return exit_codes.TERMINATED
    retry_seconds = float(os.environ.get('RUNNER_SIM_RETRY_SECONDS', '30'))
    return Listener(root, diag, stop, retry_seconds).run()
