"""What can go wrong in Pageside's tools.

    UserError               a mistake that the maker can mend: one line, exit code 2
    ├── UsageError          the command line itself
    ├── LoadError           a demo that cannot be found or executed
    ├── BuildError          a model's build() that does not give a module and its inputs
    ├── ExportError         a module that does not become a correct ONNX model
    ├── InputError          a value that the demo's function cannot take
    ├── BundleError         a bundle or a built folder that is not what its schema says
    └── EnvironmentError_   something that this machine lacks: a package, a browser, a free port

Everything else that escapes is a fault of Pageside's own: one line that asks for `--debug`, exit code 1.
"""

from __future__ import annotations


class UserError(Exception):
    """A mistake with a remedy.

    `what` happened, with the value that caused it; `where`, as `file:line` or a command; `todo`, what to do next.
    """

    def __init__(self, what: str, where: str = "", todo: str = "") -> None:
        self.what = what
        self.where = where
        self.todo = todo
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head}; {self.todo}" if self.todo else head

    def to_json(self) -> dict[str, str]:
        """The same in parts, for a program."""
        return {"type": type(self).__name__, "what": self.what, "where": self.where, "todo": self.todo}


class UsageError(UserError):
    """The command line itself."""


class LoadError(UserError):
    """A demo that cannot be found or executed."""


class BuildError(UserError):
    """A model's `build()` that does not give a module and its inputs."""


class ExportError(UserError):
    """A module that does not become a correct ONNX model."""


class InputError(UserError):
    """A value that the demo's function cannot take."""


class BundleError(UserError):
    """A bundle or a built folder that is not what its schema says."""


class EnvironmentError_(UserError):  # noqa: N801, N818 - the plain name is Python's own
    """Something that this machine lacks."""
