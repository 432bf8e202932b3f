"""A maker's exception as the page shows it: its name, its message, and the frames of the maker's own files."""

from __future__ import annotations

from asyncio import CancelledError
from traceback import FrameSummary, StackSummary, TracebackException

from pageside._errors import Error, InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def describe(error: BaseException, folder: str) -> dict[str, Any]:
    """{name, message, stage} and, where it tells more than the message, traceback.

    `stage` is one of `protocol.d.ts`: "input" for what the visitor can change, "cancelled", "memory" or "python".
    Paths in `folder`, the maker's, are written relative to it; without one there is no traceback.
    """
    stage = _stage(error)
    message = "the call was cancelled" if stage == "cancelled" else _relative(str(error), folder)
    described = {"name": type(error).__name__, "message": message, "stage": stage}
    if folder and stage not in ("input", "cancelled"):
        described |= _traceback(error, folder)
    return described


def _stage(error: BaseException) -> str:
    if isinstance(error, CancelledError):
        return "cancelled"
    if isinstance(error, MemoryError):
        return "memory"
    # Exactly Error is the maker's word to the visitor; its other subclasses are the maker's own mistakes.
    return "input" if type(error) is Error or isinstance(error, InputError) else "python"


def _traceback(error: BaseException, folder: str) -> dict[str, str]:
    formatted = TracebackException.from_exception(error)
    if not _trim(formatted, folder.rstrip("/") + "/") and not isinstance(error, SyntaxError):
        return {}
    return {"traceback": _relative("".join(formatted.format()), folder)}


def _trim(formatted: TracebackException | None, prefix: str) -> bool:
    """Drop the frames of other people's files; whether any is left."""
    if formatted is None:
        return False
    kept: list[FrameSummary] = [frame for frame in formatted.stack if frame.filename.startswith(prefix)]
    formatted.stack = StackSummary.from_list(kept) if kept else None  # type: ignore[assignment]
    inner = getattr(formatted, "exceptions", None) or []
    context = None if formatted.__suppress_context__ else formatted.__context__
    rest = [_trim(one, prefix) for one in (formatted.__cause__, context, *inner)]
    return bool(kept) or any(rest)


def _relative(text: str, folder: str) -> str:
    return (text.replace(folder.rstrip("/") + "/", "") if folder else text).replace("pageside._errors.", "pageside.")
