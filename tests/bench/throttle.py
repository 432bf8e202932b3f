"""A line of limited speed: a TCP proxy for all of a browser's requests, its workers' among them.

DevTools' own throttle counts each target for itself, and a page's worker is another target. Here all connections share
the line. Run as `python -m tests.bench.throttle PORT MBITS MILLISECONDS`; prints the port that it listens on.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable

CHUNK = 16 * 1024
Deadline = Callable[[int], float]


class Line:
    """`mbits` downstream, shared; `round_trip_s` on top of each exchange, and of each new connection."""

    def __init__(self, target: int, mbits: float, round_trip_s: float) -> None:
        self.target = target
        self.bytes_a_second = mbits * 1e6 / 8
        self.round_trip_s = round_trip_s
        self.free_at = 0.0

    def down(self, size: int) -> float:
        """When the last of these bytes arrives."""
        self.free_at = max(self.free_at, time.monotonic()) + size / self.bytes_a_second
        return self.free_at + self.round_trip_s / 2

    def up(self, size: int) -> float:
        del size  # requests are small
        return time.monotonic() + self.round_trip_s / 2

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.round_trip_s)
        theirs_in, theirs_out = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(pump(reader, theirs_out, self.up), pump(theirs_in, writer, self.down))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deadline: Deadline) -> None:
    """Passes bytes on, each chunk at its deadline."""
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)
    sending = asyncio.create_task(send(queue, writer))
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(CHUNK):
            await queue.put((deadline(len(data)), data))
    await queue.put((0.0, b""))
    await sending


async def send(queue: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while (item := await queue.get())[1]:
            await asyncio.sleep(max(0.0, item[0] - time.monotonic()))
            writer.write(item[1])
            await writer.drain()
    writer.close()


async def main(target: int, mbits: float, milliseconds: float) -> None:
    line = Line(target, mbits, milliseconds / 1000)
    server = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
