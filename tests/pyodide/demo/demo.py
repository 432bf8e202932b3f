"""A demo that does one of several things, by the word that it is given; driven by bridge.mjs."""

import asyncio
from pathlib import Path

import numpy as np
import pageside as ps
from labels import NAMES

net = ps.Model("double", build="model:build")
closed = []


async def work(what, picture):
    if what == "model":
        out = await net(x=picture.astype(np.float64).transpose(2, 0, 1)[None])
        brightness = float(out.sum.mean()) / 2 / 255
        yield dict(zip(NAMES, [1 - brightness, brightness], strict=True)), 255 - picture
    elif what == "stream":
        for i in range(3):
            yield f"step {i}", None
    elif what == "endless":
        try:
            while True:
                yield "again", None
        finally:
            closed.append("endless")
    elif what == "sleep":
        await asyncio.sleep(60)
    elif what == "closed":
        yield ",".join(closed) + " " + Path(__file__).name + " " + __name__, None
    else:
        fail(what)


def fail(what):
    if what == "raise":
        np.zeros(3).reshape(2, 2)
    elif what == "chain":
        try:
            {}["missing"]
        except KeyError as error:
            raise ValueError("no such entry") from error
    elif what == "tell":
        raise ps.Error("Please draw something")


ps.Interface(work, ["text", ps.Image()], [ps.Label(), "image"], description="**bold**").launch()
