"""A link of a given speed: a TCP proxy with one bucket of bytes for all connections, and a delay each way.

Chromium's own throttling does not reach a worker's requests, and ours are all made in a worker.
"""

import asyncio
import threading
import time
from dataclasses import dataclass, field

CHUNK = 16_384


@dataclass
class SlowLink:
    """Listens on a free port of 127.0.0.1 and passes everything on to `target`, slowly."""

    target: int
    bytes_per_second: float
    round_trip_s: float
    port: int = 0
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    free_at: float = 0.0

    def __enter__(self) -> "SlowLink":
        ready = threading.Event()
        threading.Thread(target=self.serve, args=(ready,), daemon=True).start()
        ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)

    def serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.connect, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self.pump(reader, back, shaped=False), self.pump(there, writer, shaped=True))

    async def pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, shaped: bool) -> None:
        """A chunk leaves when the link is free and arrives half a round trip later; several may be on their way."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=256)
        delivery = asyncio.create_task(self.deliver(queue, sink))
        try:
            while chunk := await source.read(CHUNK):
                now = time.monotonic()
                if shaped:
                    self.free_at = max(self.free_at, now) + len(chunk) / self.bytes_per_second
                    now = self.free_at
                await queue.put((now + self.round_trip_s / 2, chunk))
        except ConnectionError:
            pass
        await queue.put((0.0, b""))
        await delivery

    async def deliver(self, queue: "asyncio.Queue[tuple[float, bytes]]", sink: asyncio.StreamWriter) -> None:
        try:
            while (item := await queue.get())[1]:
                await asyncio.sleep(max(0.0, item[0] - time.monotonic()))
                sink.write(item[1])
                await sink.drain()
        except ConnectionError:
            pass
        sink.close()
