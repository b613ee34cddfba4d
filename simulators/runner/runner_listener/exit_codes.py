"""Exit codes of the real runner (src/Runner.Common/Constants.cs), those that the stand-in uses."""

SUCCESS = 0
TERMINATED = 1
RETRYABLE = 2
SESSION_CONFLICT = 5
VERSION_DEPRECATED = 7
