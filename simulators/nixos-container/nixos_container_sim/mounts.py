"""The two directories that a host shares with its container, as EXTRA_NSPAWN_FLAGS names them."""

IN = '/run/runner/in'
OUT = '/run/runner/out'


class Mounts:
    """Reads `--bind-ro=SOURCE:TARGET[:options]` and `--bind=…`; all other flags are ignored."""

    def __init__(self, flags: str) -> None:
        self._source_of: dict[str, str] = {}
        # Split at blanks, as systemd does: quotes are not honoured.
        for flag in flags.split():
            option, _, value = flag.partition('=')
            if option in ('--bind', '--bind-ro') and value:
                source, _, rest = value.partition(':')
                self._source_of[rest.partition(':')[0] or source] = source

    @property
    def sources(self) -> list[str]:
        """Everything that has to exist on the host."""
        return list(self._source_of.values())

    @property
    def runner(self) -> tuple[str, str] | None:
        """The host's directories for `in` and `out`; None for a container without a runner."""
        if IN in self._source_of and OUT in self._source_of:
            return self._source_of[IN], self._source_of[OUT]
        return None
