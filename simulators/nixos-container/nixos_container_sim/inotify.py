"""Linux's inotify, which the standard library lacks."""

import ctypes
import os

_CREATED = 0x100
_WRITTEN = 0x8
_MOVED_HERE = 0x80
_NONBLOCK = os.O_NONBLOCK | os.O_CLOEXEC


class DirectoryWatch:
    """Its `descriptor` is readable when something has appeared in the directory."""

    def __init__(self, path: str) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(_NONBLOCK)
        events = _CREATED | _WRITTEN | _MOVED_HERE
        if self.descriptor < 0 or libc.inotify_add_watch(self.descriptor, path.encode(), events) < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)

    def drain(self) -> None:
        """Forgets what has happened so far."""
        try:
            os.read(self.descriptor, 65536)
        except BlockingIOError:
            pass

    def close(self) -> None:
        os.close(self.descriptor)
