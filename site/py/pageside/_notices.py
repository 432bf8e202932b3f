"""What the maker tells the visitor beside the answer, in Gradio's words; natively, and at build, it says nothing."""

from __future__ import annotations

from pageside import _calls


def Info(  # noqa: N802 - Gradio's name
    message: str = "Info issued.", duration: float | None = 10, visible: bool = True, title: str = "Info"
) -> None:
    """Show a message above the outputs, for `duration` seconds; None or 0 keeps it until the next call."""
    _tell("info", message, duration, title if visible else None)


def Success(  # noqa: N802
    message: str = "Success.", duration: float | None = 10, visible: bool = True, title: str = "Success"
) -> None:
    """As `Info`, of something that went well."""
    _tell("success", message, duration, title if visible else None)


def Warning(  # noqa: N802, A001
    message: str = "Warning issued.", duration: float | None = 10, visible: bool = True, title: str = "Warning"
) -> None:
    """As `Info`, of something that the visitor should heed."""
    _tell("warning", message, duration, title if visible else None)


def _tell(kind: str, message: str, duration: float | None, title: str | None) -> None:
    call = _calls.watched.get()
    if title is None or call is None or call.notify is None:
        return
    call.notify({"kind": kind, "title": str(title), "message": str(message), "seconds": float(duration or 0)})
