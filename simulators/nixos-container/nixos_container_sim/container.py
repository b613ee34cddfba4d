"""The process that a started container is: it boots, waits to be activated, runs its runner, and then idles."""

import ctypes
import os
import signal
import sys
import time

# The runner lives beside this program in the tree, and is a program in its own right.
sys.path.insert(1, os.path.join(os.path.dirname(os.path.realpath(__file__)), '..', '..', 'runner'))

from runner_listener import registration
from runner_listener.diag import Diag
from runner_listener.listener import Listener
from runner_listener.stop_request import StopRequest

from . import faults, processes
from .events import EventFiles, EventObserver
from .inotify import DirectoryWatch
from .mounts import Mounts
from .settings import Settings
from .unit import Unit

# What type checkers take for typing.TYPE_CHECKING, without the import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_PR_SET_CHILD_SUBREAPER = 36
_RUNNER_ROOT = 'var/lib/github-runner'
_LOG = 'var/log/github-runner/runner.log'


def live(settings: Settings, unit: Unit, mounts: Mounts, begun_at: float, ready: int) -> 'NoReturn':
    """Makes the calling process the container; never returns.

    `begun_at` is the monotonic time of the `start` command. `ready` gets a byte once the process is on record and
    another once the container is ready, and is closed without the latter when it never will be.
    """
    code = 1
    try:
        code = Container(settings, unit, mounts, begun_at, ready).live()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(code)


class Container:
    """One life."""

    def __init__(self, settings: Settings, unit: Unit, mounts: Mounts, begun_at: float, ready: int) -> None:
        self._settings = settings
        self._delays = settings.delays
        self._unit = unit
        self._mounts = mounts
        self._begun_at = begun_at
        self._ready = ready
        self._root = f'{settings.root_dir}/{unit.name}'
        self._detach()
        self._stop = StopRequest((signal.SIGTERM,))

    def live(self) -> int:
        """The exit code."""
        self._unit.save('activating')
        self._tell(b'a')
        if self._start():
            self._boot()
            self._stop.wait(None)
        self._shut_down()
        return 0

    def _detach(self) -> None:
        """Leaves the session, the descriptors and the environment of the command that started it."""
        os.setsid()
        os.chdir('/')
        log = os.path.join(self._root, _LOG)
        os.makedirs(os.path.dirname(log), exist_ok=True)
        os.makedirs(os.path.join(self._root, _RUNNER_ROOT), exist_ok=True)
        os.dup2(os.open('/dev/null', os.O_RDONLY), 0)
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, self._ready)
        os.closerange(self._ready + 1, 65536)
        # Orphans of the job become children of the container, so that its end can find them.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        with open('/proc/self/comm', 'w', encoding='utf-8') as file:
            file.write(f'nc-{self._unit.name}')
        runner_root = os.path.join(self._root, _RUNNER_ROOT)
        path = os.environ.get('PATH', '/usr/bin:/bin')
        os.environ.clear()
        os.environ.update(
            PATH=path,
            HOME=runner_root,
            LANG='C.UTF-8',
            RUNNER_ROOT=runner_root,
            ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE='true',
        )

    def _start(self) -> bool:
        """From `systemctl start` to systemd's READY; False when it is stopped, or never gets there."""
        if faults.take(self._settings, 'start-hangs', self._unit.name):
            self._stop.wait(self._delays['start-timeout'])
            return False
        self._stop.wait(self._begun_at + self._delays['start'] - time.monotonic())
        if self._stop.requested:
            return False
        self._unit.save('active')
        self._tell(b'r')
        os.close(self._ready)
        fault = faults.take(self._settings, 'dies', self._unit.name)
        if fault:
            signal.signal(signal.SIGALRM, self._die)
            # 0 would disarm the timer.
            signal.setitimer(signal.ITIMER_REAL, max(0.001, float(str(fault.get('seconds', 0)))))
        return True

    def _tell(self, progress: bytes) -> None:
        """Tells the `start` command, unless that was killed: the container starts all the same."""
        try:
            os.write(self._ready, progress)
        except BrokenPipeError:
            pass

    def _boot(self) -> None:
        """From READY to the end of the runner."""
        silent = faults.take(self._settings, 'boot-silent', self._unit.name)
        self._stop.wait(self._delays['boot'])
        if silent or self._stop.requested or self._mounts.runner is None:
            return
        inside, outside = self._mounts.runner
        events = EventFiles(outside)
        events.write('booted')
        self._say('Reached target multi-user.target.')
        jitconfig = self._await_jitconfig(inside)
        if jitconfig is None:
            return
        self._stop.wait(self._delays['listen'])
        if self._stop.requested:
            return
        self._say('Started github-runner.service.')
        code = self._run_runner(jitconfig, events)
        result = 'success' if code == 0 else 'exit-code'
        self._say(f'github-runner.service: exited, code={code}, result={result}')
        events.write('exited', {'exitCode': code, 'serviceResult': result})

    def _await_jitconfig(self, inside: str) -> str | None:
        watch = DirectoryWatch(inside)
        try:
            while not self._stop.requested:
                watch.drain()
                try:
                    with open(f'{inside}/jitconfig', encoding='ascii') as file:
                        return file.read()
                except FileNotFoundError:
                    self._stop.wait(None, watch.descriptor)
            return None
        finally:
            watch.close()

    def _run_runner(self, jitconfig: str, events: EventFiles) -> int:
        root = os.environ['RUNNER_ROOT']
        diag = Diag(root, output=1)
        try:
            registration.store(jitconfig, root)
            return Listener(root, diag, self._stop, self._delays['retry'], EventObserver(events)).run()
        except Exception:
            # A fault of the stand-in must look like a runner that crashed, and be found in its log.
            sys.excepthook(*sys.exc_info())
            return 1
        finally:
            diag.close()

    def _shut_down(self) -> None:
        if faults.take(self._settings, 'stop-hangs', self._unit.name):
            signal.pause()
        time.sleep(self._delays['stop'])
        processes.kill_members(os.getpid(), spare=os.getpid())
        self._unit.forget()

    def _die(self, _number: int, _frame: object) -> None:
        processes.kill_members(os.getpid(), spare=os.getpid())
        os.kill(os.getpid(), signal.SIGKILL)

    def _say(self, text: str) -> None:
        """A line as the container's journal would have it."""
        os.write(1, f'systemd[1]: {text}\n'.encode())
