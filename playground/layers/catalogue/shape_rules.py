"""Shape rules: what each kind does to the shape of one example, the formula filled in, and how to mend a misfit."""

from __future__ import annotations

import math
from typing import Any

from playground.layers.catalogue.kind import Given, LayerRule, Mend, Misfit, pair
from playground.layers.catalogue.spec import LayerSpec, Shape

FLATTEN = Mend("insert Flatten", insert=LayerSpec("Flatten"))


def text(shape: Shape) -> str:
    """A shape with its batch axis, as PyTorch writes it.

    >>> text((1, 28, 28)), text(())
    ('(N, 1, 28, 28)', '(N)')
    """
    return f"({', '.join(['N', *map(str, shape)])})"


def same(shape: Shape, given: Given) -> LayerRule:
    """Element by element, or a normalisation: the shape stays."""
    return LayerRule(shape)


def linear(shape: Shape, given: Given) -> LayerRule:
    """(*, in) to (*, out): a matrix product over the last axis."""
    out, bias = given["out_features"], given["bias"]
    _at_least(shape, 1, "(N, features)")
    inside = shape[-1]
    mends = [Mend(f"set in_features to {inside}", unpin="in_features")]
    if given.get("in_features") == math.prod(shape) and len(shape) > 1:
        mends.insert(0, FLATTEN)
    _pinned(given, "in_features", inside, mends)
    rows = math.prod(shape[:-1])
    return LayerRule(
        (*shape[:-1], out),
        f"{inside} → {out}",
        inside * out + out * bias,
        f"{inside}·{out}" + (f" + {out}" if bias else ""),
        rows * inside * out,
    )


def bias(shape: Shape, given: Given) -> LayerRule:
    """The shape stays; one parameter for each place of the last axis."""
    _at_least(shape, 1, "(N, features)")
    return LayerRule(shape, "", shape[-1], str(shape[-1]))


def convolution(dimensions: int) -> Any:
    """(C, *) to (out_channels, *): floor((n + 2·padding − dilation·(kernel − 1) − 1)/stride + 1) along each axis.

    With groups each filter sees the channels of its own group alone.
    """

    def rule(shape: Shape, given: Given) -> LayerRule:
        channels, kernel = _picture(shape, dimensions), _sizes(given["kernel_size"], dimensions)
        out, bias, groups = given["out_channels"], given["bias"], given["groups"]
        _pinned(given, "in_channels", channels, [Mend(f"set in_channels to {channels}", unpin="in_channels")])
        if channels % groups or out % groups:
            shared = math.gcd(channels, out)
            mends = (_set("groups", max(one for one in range(1, min(shared, groups) + 1) if shared % one == 0)),)
            raise Misfit(f"channels in {groups} equal groups", f"{channels} in, {out} out", mends)
        sizes, formulas = _windows(shape, given, kernel)
        weights = channels // groups * math.prod(kernel) * out
        factors = "·".join(map(str, [out, channels, *kernel])) + (f"/{groups}" if groups > 1 else "")
        return LayerRule(
            (out, *sizes),
            ", ".join(dict.fromkeys(formulas)),
            weights + out * bias,
            factors + (f" + {out}" if bias else ""),
            weights * math.prod(sizes),
        )

    return rule


def transposed(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to (out_channels, *): (n − 1)·stride − 2·padding + kernel + output_padding along each axis."""
    channels, kernel = _picture(shape, 2), pair(given["kernel_size"])
    stride, padding, extra = pair(given["stride"]), pair(given["padding"]), pair(given["output_padding"])
    out, bias = given["out_channels"], given["bias"]
    _pinned(given, "in_channels", channels, [Mend(f"set in_channels to {channels}", unpin="in_channels")])
    if any(e >= s for e, s in zip(extra, stride, strict=True)):
        raise Misfit(f"an output_padding below the stride {stride[0]}", str(max(extra)), (_set("output_padding", 0),))
    sizes, formulas = [], []
    for n, k, s, p, e in zip(shape[1:], kernel, stride, padding, extra, strict=True):
        size = (n - 1) * s - 2 * p + k + e
        sizes.append(size)
        formulas.append(f"({n} − 1)·{s} − 2·{p} + {k}" + (f" + {e}" if e else "") + f" = {size}")
        if size < 1:
            raise Misfit("an output of at least 1", formulas[-1], (_set("padding", 0),))
    weights = channels * math.prod(kernel) * out
    return LayerRule(
        (out, *sizes),
        ", ".join(dict.fromkeys(formulas)),
        weights + out * bias,
        f"{channels}·{out}·{kernel[0]}·{kernel[1]}" + (f" + {out}" if bias else ""),
        weights * math.prod(shape[1:]),
    )


def pooling(dimensions: int) -> Any:
    """(C, *) to the same channels: the same windows as a convolution's, channel by channel."""

    def rule(shape: Shape, given: Given) -> LayerRule:
        channels, kernel = _picture(shape, dimensions), _sizes(given["kernel_size"], dimensions)
        given = {**given, "stride": pooling_stride(given)}
        if 0 in pair(given["stride"]):
            raise Misfit("a stride of at least 1 in both directions", str(given["stride"]), (_set("stride", 0),))
        if any(2 * p > k for p, k in zip(_sizes(given["padding"], dimensions), kernel, strict=True)):
            half = (_set("padding", kernel[0] // 2),)
            raise Misfit("a padding of at most half the kernel", str(given["padding"]), half)
        sizes, formulas = _windows(shape, given, kernel)
        return LayerRule((channels, *sizes), ", ".join(dict.fromkeys(formulas)))

    return rule


def pooling_stride(given: Given) -> Any:
    """The step of a pooling window: 0 stands for as far as it is wide."""
    return given["kernel_size"] if not any(pair(given["stride"])) else given["stride"]


def reach(given: Given) -> tuple[int, int]:
    """How wide a window is along each axis: a filter with dilation has gaps between its numbers.

    >>> reach({"kernel_size": 3, "dilation": (1, 2)})
    (3, 5)
    """
    (height, width), (down, across) = pair(given["kernel_size"]), pair(given.get("dilation", 1))
    return down * (height - 1) + 1, across * (width - 1) + 1


def borders(given: Given) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many zeros a window's padding puts before and after each axis. Of an odd number the last goes after, as in
    `torch.nn.Conv2d`.

    >>> borders({"kernel_size": (3, 4), "padding": "same"}), borders({"kernel_size": 3, "padding": (0, 2)})
    (((1, 1), (1, 2)), ((0, 0), (2, 2)))
    """
    padding = given["padding"]
    if padding == "same":
        above, left = ((wide - 1) // 2 for wide in reach(given))
        below, right = (wide // 2 for wide in reach(given))
        return (above, below), (left, right)
    height, width = pair(0 if padding == "valid" else padding)
    return (height, height), (width, width)


def check_arguments(given: Given) -> None:
    """Refuse arguments that suit no input, as PyTorch's constructors do: Misfit."""
    _check_same(given)
    for heads, size in (("num_heads", "embed_dim"), ("nhead", "d_model")):
        if heads in given and size in given:
            _check_heads(heads, given[heads], given[size])


def _check_same(given: Given) -> None:
    """Refuse a padding that keeps the size where the window takes larger steps."""
    if given.get("padding") != "same" or max(pair(given["stride"])) == 1:
        return
    height, width = ((wide - 1) // 2 for wide in reach(given))
    half = height if height == width else (height, width)
    mends = (_set("stride", 1), _set("padding", half))
    raise Misfit('a stride of 1 with padding="same"', str(given["stride"]), mends)


def adaptive(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to (C, *output_size)."""
    size = pair(given["output_size"])
    return LayerRule((_picture(shape, 2), *size), f"each channel to {size[0]}×{size[1]}")


def batch_norm(dimensions: int) -> Any:
    """The shape stays; a scale and an offset for each feature or channel."""

    def rule(shape: Shape, given: Given) -> LayerRule:
        if dimensions == 2:
            features = _picture(shape, 2)
        elif len(shape) in (1, 2):
            features = shape[0]
        else:
            picture = Mend("take BatchNorm2d", take="BatchNorm2d")
            mends = (picture, FLATTEN) if len(shape) == 3 else (FLATTEN,) if shape else ()
            raise Misfit("(N, features) or (N, C, L)", text(shape), mends)
        _pinned(given, "num_features", features, [Mend(f"set num_features to {features}", unpin="num_features")])
        return LayerRule(shape, "", 2 * features * given["affine"], f"2·{features}" if given["affine"] else "")

    return rule


def group_norm(shape: Shape, given: Given) -> LayerRule:
    """The shape stays; a scale and an offset for each channel. The channels fall into equal groups."""
    _at_least(shape, 1, "(N, C, *)")
    channels, groups = shape[0], given["num_groups"]
    _pinned(given, "num_channels", channels, [Mend(f"set num_channels to {channels}", unpin="num_channels")])
    if channels % groups:
        fits = max(number for number in range(1, min(channels, groups) + 1) if channels % number == 0)
        raise Misfit(f"channels in {groups} equal groups", str(channels), (_set("num_groups", fits),))
    return LayerRule(shape, "", 2 * channels * given["affine"], f"2·{channels}" if given["affine"] else "")


def prelu(shape: Shape, given: Given) -> LayerRule:
    """The shape stays; one slope for all numbers, or one for each channel."""
    number = given["num_parameters"]
    if number != 1 and (not shape or number != shape[0]):
        mends = (_set("num_parameters", 1), *([_set("num_parameters", shape[0])] if shape else []))
        raise Misfit(f"{number} channels", str(shape[0]) if shape else text(shape), mends)
    return LayerRule(shape, "", number, str(number))


def instance_norm(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to the same; a scale and an offset for each channel, of which PyTorch keeps the scales, repeated for
    each example."""
    channels = _picture(shape, 2)
    _pinned(given, "num_features", channels, [Mend(f"set num_features to {channels}", unpin="num_features")])
    if math.prod(shape[1:]) == 1:
        raise Misfit("more than one pixel, which it compares", text(shape))
    affine = given["affine"]
    return LayerRule(shape, "", 2 * channels * affine, f"2·{channels}" if affine else "", kept=channels * affine)


def sides(padding: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """How many rows stand above and below, and how many columns left and right; PyTorch's order begins on the left.

    >>> sides(2), sides((1, 0, 3, 4))
    (((2, 2), (2, 2)), ((3, 4), (1, 0)))
    """
    left, right, above, below = (padding,) * 4 if isinstance(padding, int) else padding
    return (above, below), (left, right)


def padded(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to (C, above + H + below, left + W + right)."""
    channels = _picture(shape, 2)
    sizes, formulas = [], dict[str, None]()
    for n, (before, after) in zip(shape[1:], sides(given["padding"]), strict=True):
        sizes.append(before + n + after)
        formulas[f"{before} + {n} + {after} = {sizes[-1]}"] = None
    return LayerRule((channels, *sizes), ", ".join(formulas))


def reflected(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to (C, above + H + below, left + W + right): what is added is a mirror image of what lies inside."""
    rule = padded(shape, given)
    least = min(shape[1:])
    if any(max(added) >= n for n, added in zip(shape[1:], sides(given["padding"]), strict=True)):
        expected = "a padding smaller than height and width"
        raise Misfit(expected, f"{given['padding']} for {text(shape)}", (_set("padding", least - 1),))
    return rule


def shuffled(shape: Shape, given: Given) -> LayerRule:
    """(C·r², H, W) to (C, r·H, r·W): r² channels of a pixel become r rows of r pixels."""
    channels, factor = _picture(shape, 2), given["upscale_factor"]
    square = factor * factor
    if channels % square:
        wanted = min(max(1, channels // square), 1024 // square) * square
        convolution = LayerSpec("Conv2d", (("out_channels", wanted), ("kernel_size", 1)))
        fits = max(r for r in range(1, factor + 1) if channels % (r * r) == 0)
        mends = (Mend(f"insert Conv2d({wanted}, 1)", insert=convolution), _set("upscale_factor", fits))
        raise Misfit(f"a multiple of {square} channels", str(channels), mends)
    formulas = dict.fromkeys(f"{factor}·{n} = {factor * n}" for n in shape[1:])
    return LayerRule((channels // square, *(factor * n for n in shape[1:])), ", ".join(formulas))


def upsampled(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to (C, scale·H, scale·W)."""
    channels, scale = _picture(shape, 2), given["scale_factor"]
    if given["align_corners"] and given["mode"] == "nearest":
        expected = "no align_corners with mode nearest, which mixes nothing"
        raise Misfit(
            expected, "True", (_set("align_corners", False), Mend("take bilinear", set=(("mode", "bilinear"),)))
        )
    formulas = dict.fromkeys(f"{scale}·{n} = {scale * n}" for n in shape[1:])
    return LayerRule((channels, *(scale * n for n in shape[1:])), ", ".join(formulas))


def pictures(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to the same. Of features each is a channel, which PyTorch is about to refuse: it is a plain Dropout."""
    if len(shape) == 1:
        raise Misfit("(N, C, H, W)", text(shape), (Mend("take Dropout", take="Dropout"),))
    _picture(shape, 2)
    return LayerRule(shape)


def attention(shape: Shape, given: Given) -> LayerRule:
    """(T, D) to the same: queries, keys and values of each step, T·T products, mixtures of the values, a projection.

    PyTorch keeps queries, keys, values and mixtures beside the input, and a sum for each query and head.
    """
    steps, size = _sequence(shape)
    heads = given["num_heads"]
    _pinned(given, "embed_dim", size, [Mend(f"set embed_dim to {size}", unpin="embed_dim")])
    _check_heads("num_heads", heads, size)
    return LayerRule(
        shape,
        f"{heads} heads of {size // heads}",
        4 * size * size + 4 * size,
        f"4·{size}·{size} + 4·{size}",
        4 * steps * size * size + 2 * steps * steps * size,
        4 * steps * size + steps * heads,
    )


def encoder(shape: Shape, given: Given) -> LayerRule:
    """(T, D) to the same: attention and two Linear for each step, each added to its input, which is normalised.

    PyTorch keeps what attention keeps, the inputs of both normalisations with two numbers a step, those of both Linear,
    and of a GELU its input, too.
    """
    steps, size = _sequence(shape)
    heads, inner = given["nhead"], given["dim_feedforward"]
    _pinned(given, "d_model", size, [Mend(f"set d_model to {size}", unpin="d_model")])
    _check_heads("nhead", heads, size)
    inside = steps * inner * (1 if given["activation"] == "relu" else 2)
    return LayerRule(
        shape,
        f"{heads} heads of {size // heads}, {size} → {inner} → {size}",
        4 * size * size + 2 * size * inner + inner + 9 * size,
        f"4·{size}·{size} + 2·{size}·{inner} + {inner} + 9·{size}",
        steps * (4 * size * size + 2 * size * inner) + 2 * steps * steps * size,
        7 * steps * size + steps * heads + inside + 4 * steps,
    )


def embedding(shape: Shape, given: Given) -> LayerRule:
    """(*) to (*, embedding_dim): a row of numbers for each whole number."""
    rows, size = given["num_embeddings"], given["embedding_dim"]
    return LayerRule((*shape, size), f"a row of {size}", rows * size, f"{rows}·{size}")


def recurrent(gates: int, kept: int) -> Any:
    """(T, D) to (T, H): at each step `gates` sums of products of the input and of the state before, or (T, 2·H) in both
    directions. `kept`: numbers that PyTorch keeps for each number of a state.
    """

    def rule(shape: Shape, given: Given) -> LayerRule:
        steps, size = _sequence(shape)
        hidden, more, directions = given["hidden_size"], given["num_layers"] - 1, 1 + given["bidirectional"]
        _pinned(given, "input_size", size, [Mend(f"set input_size to {size}", unpin="input_size")])
        wide = directions * hidden
        sums = size + hidden + more * (wide + hidden)
        later = f" + {more}·({wide} + {hidden} + 2)" if more else ""
        states = (more + 1) * (steps + (kept == 1))  # the first one, which is 0, lies by itself where little is kept
        return LayerRule(
            (steps, wide),
            f"{size} → {wide}",
            gates * wide * (sums + 2 * (more + 1)),
            f"{gates}·{wide}·({size} + {hidden} + 2{later})",
            steps * gates * wide * sums,
            kept * wide * states + more * steps * wide,
            steps * (more + 1) * directions,
        )

    return rule


def cell(gates: int) -> Any:
    """(D) to (H), one step: `gates` sums of products of the input and of the state before."""

    def rule(shape: Shape, given: Given) -> LayerRule:
        hidden, bias = given["hidden_size"], given["bias"]
        _at_least(shape, 1, "(N, features)")
        size = shape[-1]
        _pinned(given, "input_size", size, [Mend(f"set input_size to {size}", unpin="input_size")])
        return LayerRule(
            (hidden,),
            f"{size} → {hidden}",
            gates * hidden * (size + hidden + 2 * bias),
            f"{gates}·{hidden}·({size} + {hidden}" + (" + 2)" if bias else ")"),
            gates * hidden * (size + hidden),
            kept=gates * hidden,
        )

    return rule


def layer_norm(shape: Shape, given: Given) -> LayerRule:
    """The shape stays; a scale and an offset for each place in the last `dims` axes."""
    _at_least(shape, given["dims"], f"{given['dims']} axes beside the batch", (_set("dims", max(1, len(shape))),))
    number = math.prod(shape[-given["dims"] :])
    affine = given["elementwise_affine"]
    return LayerRule(shape, "", 2 * number * affine, f"2·{number}" if affine else "")


def flatten(shape: Shape, given: Given) -> LayerRule:
    """(C, H, W) to (C·H·W)."""
    size = math.prod(shape)
    return LayerRule((size,), f"{'·'.join(map(str, shape)) or '1'} = {size}")


def reshape(shape: Shape, given: Given) -> LayerRule:
    """Any shape to another with as many elements; one size may be −1."""
    wanted, number = tuple(given["shape"]), math.prod(shape)
    known = math.prod(size for size in wanted if size != -1)
    free = wanted.count(-1)
    if free == 1 and known and number % known == 0:
        wanted = tuple(number // known if size == -1 else size for size in wanted)
    elif free or known != number:
        mend = Mend("let PyTorch find it: -1", set=(("shape", (-1,)),))
        raise Misfit(f"a shape of {number} elements, as {text(shape)} has", f"{wanted} with {known}", (mend,))
    return LayerRule(wanted, f"{'·'.join(map(str, shape)) or '1'} = {'·'.join(map(str, wanted))}")


def _set(name: str, content: Any) -> Mend:
    return Mend(f"set {name} to {content}", set=((name, content),))


def _at_least(shape: Shape, axes: int, expected: str, mends: tuple[Mend, ...] = ()) -> None:
    if len(shape) < axes:
        raise Misfit(expected, text(shape), mends)


def _pinned(given: Given, name: str, size: int, mends: list[Mend]) -> None:
    pin = given.get(name)
    if pin is not None and pin != size:
        raise Misfit(f"{name} = {pin}", str(size), tuple(mends))


def _sizes(size: Any, dimensions: int) -> tuple[int, ...]:
    return pair(size) if dimensions == 2 else (size,)


def _picture(shape: Shape, dimensions: int) -> int:
    """The channels of a picture (C, H, W), or of a signal (C, L)."""
    if len(shape) == dimensions + 1:
        return shape[0]
    axes = ("C", "H", "W") if dimensions == 2 else ("C", "L")
    number = math.prod(shape)
    side = math.isqrt(number // shape[0]) if dimensions == 2 and len(shape) == 2 else math.isqrt(number)
    into: tuple[int, ...] = (1, number)
    if dimensions == 2:
        into = (1, side, side) if side * side == number else (1, 1, number) if len(shape) == 1 else (1, *shape[-2:])
    mends = (Mend(f"insert Reshape{into}", insert=LayerSpec("Reshape", (("shape", into),))),)
    raise Misfit(f"({', '.join(('N', *axes))})", text(shape), mends if math.prod(into) == number else ())


def _sequence(shape: Shape) -> tuple[int, int]:
    """The number of steps of a sequence (T, D), and of the numbers of each."""
    if len(shape) == 2:
        return shape[0], shape[1]
    into = (math.prod(shape[:-1]), shape[-1]) if len(shape) > 2 else (math.prod(shape), 1)
    mend = Mend(f"insert Reshape{into}", insert=LayerSpec("Reshape", (("shape", into),)))
    raise Misfit("(N, T, features)", text(shape), (mend,))


def _check_heads(name: str, heads: int, size: int) -> None:
    """Refuse heads that cannot share the numbers of a step among them."""
    if size % heads:
        fits = max(number for number in range(1, min(size, heads) + 1) if size % number == 0)
        raise Misfit(f"features in {heads} equal heads", str(size), (_set(name, fits),))


def _windows(shape: Shape, given: Given, kernel: tuple[int, ...]) -> tuple[list[int], list[str]]:
    """Count the windows that fit along each axis, and write the arithmetic of it."""
    dimensions = len(kernel)
    stride, dilation = _sizes(given["stride"], dimensions), _sizes(given.get("dilation", 1), dimensions)
    _check_same(given)
    sizes, formulas = [], []
    for n, k, s, d, (p, after) in zip(shape[1:], kernel, stride, dilation, borders(given), strict=False):
        wide = d * (k - 1) + 1
        size = (n + p + after - wide) // s + 1
        taken = str(k) if d == 1 else f"({d}·({k} − 1) + 1)"
        added = f"2·{p}" if p == after else f"{p} + {after}"
        formulas.append(f"floor(({n} + {added} − {taken})/{s} + 1) = {size}")
        sizes.append(size)
        if wide > n + p + after and d > 1:
            raise Misfit(
                f"at least {wide} in each direction", f"{n}" + (f" + 2·{p}" if p else ""), (_set("dilation", 1),)
            )
        if k > n + p + after:
            smaller = min(min(shape[1:]) + 2 * p, k)
            mends = [_set("kernel_size", smaller)]
            wider = -(-(k - n) // 2)
            if wider <= k // 2:  # more would be windows of zeros alone
                mends.append(_set("padding", wider))
            raise Misfit(f"at least {k} in each direction", f"{n}" + (f" + 2·{p}" if p else ""), tuple(mends))
    return sizes, formulas
