"""Models and engines: names, casts, shapes, results, and who answers."""

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside import engine, model
from pageside._errors import EngineError, ModelError
from pageside.engine import ModelSpecs, TensorSpec


class Echo:
    """Answers with its feeds, under its outputs' names."""

    def __init__(self, inputs: list[TensorSpec], outputs: list[str]) -> None:
        self.inputs = inputs
        self.outputs = outputs
        self.feeds: dict[str, np.ndarray] = {}

    def specs(self, model: ps.Model) -> ModelSpecs:
        return ModelSpecs(self.inputs, [TensorSpec(name, "float32", ("n",)) for name in self.outputs])

    async def run(self, model: ps.Model, feeds: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.feeds = feeds
        return {name: np.full(2, i, np.float32) for i, name in enumerate(self.outputs)}


IMAGE = TensorSpec("image", "float32", (1, 3, "height", "width"))
MASK = TensorSpec("mask", "int64", ("height", "width"))
KNOWN = "its inputs are image (float32 1 x 3 x height x width), mask (int64 height x width)"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    model.clear()
    yield
    model.clear()


def call(*args: Any, specs: list[TensorSpec] | None = None, outputs: tuple[str, ...] = ("y",), **kwargs: Any) -> Any:
    """The result, and what the engine was given."""
    echo = Echo(specs or [IMAGE, MASK], list(outputs))
    model.clear()
    net = ps.Model("net")
    with engine.use(echo):
        return asyncio.run(net(*args, **kwargs)), echo.feeds


def refused(*args: Any, **kwargs: Any) -> str:
    with pytest.raises(ModelError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


image = np.zeros((1, 3, 4, 5))
mask = np.zeros((4, 5), np.int32)


def test_by_name_by_place_and_mixed() -> None:
    for args, kwargs in [((image, mask), {}), ((image,), {"mask": mask}), ((), {"mask": mask, "image": image})]:
        result, feeds = call(*args, **kwargs)
        assert list(feeds) == ["image", "mask"]
        assert feeds["image"].dtype == np.float32
        assert feeds["mask"].dtype == np.int64
        assert isinstance(result, np.ndarray)


def test_several_outputs_are_a_named_tuple() -> None:
    result, _ = call(image, mask, outputs=("logits.1", "class", "boxes", "1"))
    assert result._fields == ("logits_1", "_1", "boxes", "_3")
    assert (result[0][0], result.boxes[0]) == (0, 2)
    again, _ = call(image, mask, outputs=("logits.1", "class", "boxes", "1"))
    assert type(again) is type(result)


def test_feeds_are_contiguous_and_the_makers_array_is_left() -> None:
    turned = np.arange(60, dtype=np.float32).reshape(1, 4, 5, 3).transpose(0, 3, 1, 2)
    _, feeds = call(turned, mask)
    assert feeds["image"].flags.c_contiguous
    assert np.array_equal(feeds["image"], turned)


def test_nested_values_go_by_their_path() -> None:
    shapes: dict[str, tuple[int | str, ...]] = {"x": (1,), "state.0": (1,), "state.1.h": ()}
    pair = [TensorSpec(name, "float32", shape) for name, shape in shapes.items()]
    state = (np.ones(1), {"h": 3})
    for args, kwargs in [((np.zeros(1), state), {}), ((), {"state": state, "x": np.zeros(1), "mask": None})]:
        _, feeds = call(*args, specs=pair, **kwargs)
        assert {name: value.item() for name, value in feeds.items()} == {"x": 0, "state.0": 1, "state.1.h": 3}
    assert "has no input 'state.2'" in refused(np.zeros(1), (np.ones(1), {"h": 3}, 2), specs=pair)
    assert "got no input 'state.1.h'" in refused(np.zeros(1), [np.ones(1)], specs=pair)


def test_wrong_names_and_counts() -> None:
    assert refused(image, mask, image) == f"model 'net' got 3 arrays but has 2; {KNOWN}"
    assert refused(img=image) == f"model 'net' has no input 'img'; {KNOWN}"
    assert refused(image) == f"model 'net' got no input 'mask'; {KNOWN}"
    assert refused(image, image=image) == "model 'net' got input 'image' twice, by place and by name"


def test_wrong_shapes() -> None:
    where = "model 'net': input 'image' has shape"
    wanted = "the model takes (1, 3, height, width)"
    assert refused(image[0], mask) == f"{where} (3, 4, 5); {wanted}; add the batch axis: x[None]"
    assert refused(np.zeros((1, 4, 5, 3)), mask) == (
        f"{where} (1, 4, 5, 3); {wanted}; move the channels: x.transpose(0, 3, 1, 2)"
    )
    assert refused(np.zeros((2, 3, 4, 5)), mask) == f"{where} (2, 3, 4, 5); {wanted}"
    assert refused(image, mask[:3]) == (
        "model 'net': input 'mask' has 3 for 'height', but input 'image' has 4; they must be equal"
    )
    assert refused(1.0, specs=[TensorSpec("x", "float32", (3,))]) == (
        "model 'net': input 'x' has shape (); the model takes (3,)"
    )


@pytest.mark.parametrize(
    ("given", "taken"),
    [("float64", "float32"), ("float32", "float16"), ("uint8", "float32"), ("bool", "float32"), ("bool", "int64"),
     ("int64", "int32"), ("int64", "uint8"), ("float16", "float32")],
)  # fmt: skip
def test_casts(given: str, taken: str) -> None:
    _, feeds = call(np.ones(2, given), specs=[TensorSpec("x", taken, ("n",))])
    assert feeds["x"].dtype == taken
    assert (feeds["x"] == 1).all()


@pytest.mark.parametrize(
    ("given", "taken", "problem"),
    [
        (np.ones(2), "int64", "is float64 and the model takes int64; round or cast it yourself"),
        (np.array([1, 300]), "uint8", "holds 1 to 300, out of the range of uint8 (0 to 255)"),
        (
            np.array([1, 2**40]),
            "int32",
            "holds 1 to 1099511627776, out of the range of int32 (-2147483648 to 2147483647)",
        ),
        (np.array([1, 0]), "bool", "is int64 and the model takes bool; compare it yourself, as with `x > 0`"),
        (np.array(["a", "b"]), "float32", "is of <U1, not a numeric array; the model takes float32"),
        (None, "float32", "is of object, not a numeric array; the model takes float32"),
    ],
)
def test_refused_casts(given: Any, taken: str, problem: str) -> None:
    assert refused(given, specs=[TensorSpec("x", taken, ("n",))]) == f"model 'net': input 'x' {problem}"


def test_an_engine_that_forgets_an_output() -> None:
    echo = Echo([IMAGE], ["y"])
    echo.specs = lambda model: ModelSpecs([IMAGE], [TensorSpec("z", "float32", ())])  # type: ignore[method-assign]
    with engine.use(echo), pytest.raises(ModelError) as caught:
        asyncio.run(ps.Model("net")(image))
    assert str(caught.value) == "model 'net': the engine gave no output 'z', only y"


def test_registered_in_order_until_cleared() -> None:
    first, second = ps.Model("b-1.5_x"), ps.Model("A", build=lambda: None, dynamic_shapes={"x": {0: "n"}})
    assert list(model.registered().items()) == [("b-1.5_x", first), ("A", second)]
    assert (first.build, second.dynamic_shapes) == ("model:build", {"x": {0: "n"}})
    model.clear()
    assert model.registered() == {}


def test_two_models_of_one_name() -> None:
    ps.Model("net", build="model:build")
    for name in ("net", "Net"):
        with pytest.raises(ModelError) as caught:
            ps.Model(name, build="model:other")
        assert str(caught.value) == (
            f"there are two models named {name!r}, built by model:build and by model:other; "
            "give each its own name (upper and lower case count as one)"
        )


def test_a_notebook_cell_may_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "ps1", "In : ", raising=False)
    ps.Model("net")
    again = ps.Model("net")
    assert model.registered() == {"net": again}


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a b", "-a", "a.", "ä", "con", "NUL.bin", "a" * 65, "a\n", 3, None]
)
def test_bad_names(name: Any) -> None:
    with pytest.raises(ModelError) as caught:
        ps.Model(name)
    assert str(caught.value) == (
        f"Model({name!r}): the name becomes a folder; use 1 to 64 letters, digits, '-', '_' and '.', "
        "beginning and ending with a letter or digit"
    )


@pytest.mark.parametrize("name", ["a", "efficientnet-lite0", "U2.net_v1", "0", "a" * 64, "console"])
def test_good_names(name: str) -> None:
    assert ps.Model(name).name == name


@pytest.mark.parametrize("build", ["model", "model:", ":build", "model.py:build()", 3, None])
def test_bad_builds(build: Any) -> None:
    with pytest.raises(ModelError) as caught:
        ps.Model("net", build=build)
    assert str(caught.value) == (
        f"Model('net', build={build!r}): build is 'module:function', as 'model:build', or a function"
    )


@pytest.mark.parametrize("dims", [3, {"x": 3}, {"x": {"0": "n"}}, {"x": {0: 1}}])
def test_bad_dynamic_shapes(dims: Any) -> None:
    with pytest.raises(ModelError, match="it maps each input to its free axes and their names"):
        ps.Model("net", dynamic_shapes=dims)


def test_engines_nest_and_end() -> None:
    outer, inner = Echo([], []), Echo([], [])
    with engine.use(outer):
        with engine.use(inner):
            assert engine.current() is inner
        assert engine.current() is outer


def test_the_installed_engine_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Echo([], [])
    monkeypatch.setattr(engine, "_defaults", {})

    class Entry:
        name = "torch"

        def load(self) -> Any:
            return lambda: made

    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group: [Entry()] if group == "pageside.engines" else []
    )
    assert engine.current() is made
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [])
    assert engine.current() is made
    monkeypatch.setattr(engine, "_defaults", {})
    with pytest.raises(EngineError) as caught:
        engine.current()
    assert str(caught.value) == (
        "no engine can run the model here; install Pageside with PyTorch: pip install 'pageside[torch]'"
    )


STATE = TensorSpec("state", "float32", ("n",))


def kept(**options: Any) -> tuple[ps.Model, Echo]:
    model.clear()
    return ps.Model("net", **options), Echo([STATE], ["y", "after"])


def test_a_kept_output_goes_back_as_it_is_and_is_read_by_awaiting_it() -> None:
    net, echo = kept(keep=["after"])
    with engine.use(echo):
        answer = asyncio.run(net(state=np.zeros(2)))
        assert repr(answer.after) == "Kept(float32 (2,))"
        np.testing.assert_array_equal(asyncio.run(answer.after.numpy()), [1, 1])
        asyncio.run(net(state=answer.after))
    np.testing.assert_array_equal(echo.feeds["state"], [1, 1])


def test_a_kept_output_is_no_array_and_says_how_to_get_one() -> None:
    net, echo = kept(keep=("after",))
    with engine.use(echo):
        answer = asyncio.run(net(state=np.zeros(2)))
    with pytest.raises(ModelError) as caught:
        np.asarray(answer.after)
    assert str(caught.value) == ("Kept(float32 (2,)) stays where the model runs; read it by `await kept.numpy()`")


@pytest.mark.parametrize("keep", ["after", [3], {"after": 1}])
def test_what_keep_may_not_be(keep: Any) -> None:
    with pytest.raises(ModelError) as caught:
        kept(keep=keep)
    assert str(caught.value) == f"Model('net', keep={keep!r}): it is a list of outputs, as ['state']"


def test_an_output_that_there_is_not_can_t_be_kept() -> None:
    net, echo = kept(keep=["h"])
    with engine.use(echo), pytest.raises(ModelError) as caught:
        asyncio.run(net(state=np.zeros(2)))
    assert str(caught.value) == "model 'net' keeps 'h', but its outputs are y, after"
