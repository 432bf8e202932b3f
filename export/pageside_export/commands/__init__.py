"""The subcommands of `pageside`, one file each, found by name.

A module has `NAME` (as typed), `HELP` (one line), `add_arguments(parser)` and `run(args) -> int` (the exit code).
Heavy imports stand inside `run`, so that `pageside --help` is quick.
"""
