"""The errors of the runtime. Each message says what happened, with which value, and what to do next.

Error                what the maker raises to tell the visitor something; shown without a traceback
├── InputError       a value of the visitor, of an example or of the command line can't be used
├── InterfaceError   the Interface, or what its function returned, is wrong
│   └── ComponentError   a component is made or used wrongly
└── ModelError       a Model is made or called wrongly
    └── EngineError  nothing here can run the model
"""

from __future__ import annotations


class Error(Exception):
    """A message for the visitor, raised inside the maker's function: `raise ps.Error("Please draw something")`.

    `duration`, `visible`, `title` and `print_exception` are Gradio's; a static page shows the message and the title.
    """

    def __init__(
        self,
        message: str = "Error raised.",
        duration: float | None = 10,
        visible: bool = True,
        title: str = "Error",
        print_exception: bool = True,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.duration = duration
        self.visible = visible
        self.title = title
        self.print_exception = print_exception

    def __str__(self) -> str:
        return str(self.message)


class InputError(Error):
    """A value of the visitor, of an example or of the command line can't be used."""


class InterfaceError(Error):
    """The Interface, or what its function returned, is wrong."""


class ComponentError(InterfaceError):
    """A component is made or used wrongly."""


class ModelError(Error):
    """A Model is made or called wrongly."""


class EngineError(ModelError):
    """Nothing here can run the model."""
