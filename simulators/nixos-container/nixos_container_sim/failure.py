"""The one way in which a command fails."""


class Failure(Exception):
    """Ends the program with a message on stderr.

    The real program dies with whatever errno Perl holds at that moment: callers can rely on `code` being other
    than 0, and on nothing else.
    """

    def __init__(self, message: str, code: int = 255, *, bare: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        # Most messages begin with the program's path; a few don't.
        self.bare = bare
