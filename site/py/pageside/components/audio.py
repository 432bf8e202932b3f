"""Sound, in or out."""

from __future__ import annotations

import math

import numpy as np

from pageside import _files, _options
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, ClassVar

SOURCES = ("upload", "microphone")
IGNORED = _options.names("editable playback_position recording subtitles waveform_options")
RATES = (1_000, 384_000)


class Audio(Component):
    """A sound. The function gets `(sample_rate, data)`: Hz, and int16 of shape (n,), or (n, channels) of several.

    A WAV file arrives with its own rate and samples, those of other depths as their upper 16 bits, float times 32,767.
    Other files are decoded by the browser, at the file's rate where its header tells it, else at 48 kHz. A recording
    has one channel and the device's rate. With `type="filepath"` the function gets the path of a WAV file with 16 bits,
    which the next sound replaces. `min_length` and `max_length` are in seconds; ten minutes is the most.

    With `streaming=True` and `live=True` of the interface the function gets what the microphone heard since its last
    call, about every `stream_every` seconds, in place of a whole recording; nothing is left out.

    `value` is the sound that is there first: a WAV file's path relative to the demo, or `(sample_rate, data)`.

    The function returns `(sample_rate, data)`: int16, or float of -1 to 1 (louder is scaled down to fit), or int32 or
    uint8, of shape (n,) or (n, channels); or the path of a WAV file. None clears the output. `autoplay=True` plays an
    answer to what the visitor gave, where the browser lets it; `loop=True` plays it again and again.
    """

    offers: ClassVar[dict[str, bool]] = {"download": True, "share": True}

    def __init__(
        self,
        value: Any = None,
        *,
        sources: list[str] | tuple[str, ...] | str | None = None,
        type: str = "numpy",
        streaming: bool = False,
        stream_every: float = 0.5,
        min_length: float | None = None,
        max_length: float | None = None,
        autoplay: bool = False,
        loop: bool = False,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("Audio", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self.first_file = value
        self.sources = [sources] if isinstance(sources, str) else list(sources or SOURCES)
        self.value_type = type
        self.streaming = streaming
        self.stream_every = stream_every
        self.min_length = min_length
        self.max_length = max_length
        self.autoplay = autoplay
        self.loop = loop
        self._check()

    def _check(self) -> None:
        if self.value_type not in ("numpy", "filepath"):
            raise self.bad_option(f"type={self.value_type!r}): it is 'numpy' or 'filepath'")
        unknown = [source for source in self.sources if source not in SOURCES]
        if unknown:
            raise self.bad_option(f"sources={self.sources!r}): {unknown[0]!r} is none of {', '.join(SOURCES)}")
        if self.streaming and "microphone" not in self.sources:
            raise self.bad_option(f"streaming=True, sources={self.sources!r}): only the microphone streams")
        if not 0.05 <= self.stream_every <= 10:
            raise self.bad_option(f"stream_every={self.stream_every}): it is in seconds, 0.05 to 10")
        least, most = self.min_length or 0, math.inf if self.max_length is None else self.max_length
        if not 0 <= least <= most or most <= 0:
            raise self.bad_option(
                f"min_length={self.min_length}, max_length={self.max_length}): they are in seconds, the least first"
            )

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs."""
        return {
            "sources": self.sources,
            "streaming": self.streaming,
            "stream_every": self.stream_every,
            "min_length": self.min_length,
            "max_length": self.max_length,
            "autoplay": self.autoplay,
            "loop": self.loop,
            "info": self.info,
        }

    def preprocess(self, payload: dict[str, Any] | None) -> tuple[int, np.ndarray] | str | None:
        """None where there is no sound."""
        if payload is None:
            return None
        data = payload["data"]
        flat = data if isinstance(data, np.ndarray) else np.frombuffer(data, np.int16)
        # What was read from a file serves several calls and is read-only; the maker may write into his own.
        flat = flat if flat.flags.writeable else flat.copy()
        channels = payload["channels"]
        self._check_length(len(flat) // channels / payload["rate"])
        if self.value_type == "filepath":
            from pageside._sounds import to_wav

            return _files.place(self, "audio.wav", to_wav({**payload, "data": flat}))
        return payload["rate"], flat if channels == 1 else flat.reshape(-1, channels)

    def _check_length(self, seconds: float) -> None:
        # A stream comes in pieces of any length.
        if self.streaming:
            return
        if self.min_length is not None and seconds < self.min_length:
            raise self.bad_input(f"the sound is {seconds:.1f} s long; at least {self.min_length:g} s are needed")
        if self.max_length is not None and seconds > self.max_length:
            raise self.bad_input(f"the sound is {seconds:.1f} s long; {self.max_length:g} s is the most")

    def postprocess(self, value: Any) -> dict[str, Any] | None:
        """AudioPayload; `data` is int16 (n * channels,), the channels of one instant side by side."""
        if value is None:
            return None
        if isinstance(value, bytes):
            raise self.bad_output("it got a file's bytes; return its path, or (sample_rate, array)")
        if isinstance(value, str) or hasattr(value, "__fspath__"):
            return self._opened(value)
        if not isinstance(value, (tuple, list)) or len(value) != 2 or not isinstance(value[1], np.ndarray):
            raise self.bad_output(f"it takes (sample_rate, array), not {_described(value)}")
        rate, data = value
        if not isinstance(rate, (int, np.integer)) or not RATES[0] <= rate <= RATES[1]:
            raise self.bad_output(f"its sample rate is {rate!r}; it is an int in Hz, {RATES[0]} to {RATES[1]}")
        samples = self._to_int16(self._checked(data))
        channels = 1 if samples.ndim == 1 else samples.shape[1]
        return {"rate": int(rate), "channels": channels, "data": np.ascontiguousarray(samples).reshape(-1)}

    def read_input(self, value: Any, base: Path) -> dict[str, Any] | None:
        """AudioPayload of a WAV file's path relative to `base`, or of (sample_rate, array)."""
        from pageside import _sounds

        if value is None or (isinstance(value, str) and not value):
            return None
        if isinstance(value, str) and "://" in value:
            raise self.bad_input(f"{value} is a URL; save the sound beside the demo and give its path")
        if isinstance(value, str) or hasattr(value, "__fspath__"):
            return _sounds.read_file(base / value, self.bad_input)
        return self.postprocess(value)

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """{file, rate, channels, seconds, peaks}, the file a WAV with 16 bits; None for no sound."""
        from pageside import _sounds

        if payload is None:
            return None
        suffix, content = payload.get("original") or (".wav", _sounds.to_wav(payload))
        rate, channels, samples = payload["rate"], payload["channels"], np.asarray(payload["data"])
        described = {"rate": rate, "channels": channels, "seconds": round(len(samples) / channels / rate, 3)}
        return {"file": write(suffix, content), **described, "peaks": _sounds.peaks(samples)}

    def _opened(self, path: Any) -> dict[str, Any]:
        from pathlib import Path

        from pageside import _sounds

        if "://" in str(path):
            raise self.bad_output(f"it got {str(path)!r}; a page reads no other site's sounds: save it beside the demo")
        payload = _sounds.read_file(Path(path).absolute(), self.bad_output)
        return {name: payload[name] for name in ("rate", "channels", "data")}

    def _checked(self, data: np.ndarray) -> np.ndarray:
        if data.ndim not in (1, 2) or data.size == 0 or (data.ndim == 2 and data.shape[1] > 8):
            hint = "; move the channels last: array.T" if data.ndim == 2 and data.shape[0] <= 8 else ""
            raise self.bad_output(f"it got an array of shape {data.shape}; a sound is (n,) or (n, channels){hint}")
        return data

    def _to_int16(self, data: np.ndarray) -> np.ndarray:
        if data.dtype == np.int16:
            return data
        if data.dtype == np.int32:
            return (data >> 16).astype(np.int16)
        if data.dtype == np.uint8:
            return ((data.astype(np.int16) - 128) << 8).astype(np.int16)
        if data.dtype.kind != "f":
            raise self.bad_output(f"it got an array of {data.dtype}; a sound is int16, or float of -1 to 1")
        loudest = np.abs(data).max()
        if not np.isfinite(loudest):
            raise self.bad_output("it got a sound with NaN or infinite samples")
        from pageside._sounds import to_int16

        return to_int16(data if loudest <= 1 else data / loudest)


class Microphone(Audio):
    """An Audio that is recorded, never a file."""

    def __init__(self, value: Any = None, *, sources: Any = None, **options: Any) -> None:
        # Gradio takes `sources` and has its own all the same.
        del sources
        super().__init__(value, sources=["microphone"], **options)


# Gradio's second name.
Mic = Microphone


def _described(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"({', '.join(type(part).__name__ for part in value)})"
    return type(value).__name__
