"""PyTorch's errors in the words of a course: which operand, which axis, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import Tensor

from playground.errors import PlaygroundError, Repair, Span
from playground.language.evaluate.arithmetic import describe
from playground.language.evaluate.call_site import CallSite, Explained
from playground.language.function import TENSORS, Value
from playground.language.syntax.in_place import made_anew
from playground.recorder.overwritten import OVERWRITTEN, Overwritten, overwritten
from playground.recorder.recorder import current


def explained(error: Exception, site: CallSite) -> PlaygroundError:
    """Explain what went wrong in one call, for the person who typed it."""
    if isinstance(error, PlaygroundError):
        return error
    message = str(error)
    if OVERWRITTEN in message and (recorder := current()) is not None:
        found_out = overwritten(recorder.tape, site.program.text)
        if found_out is not None:
            return mended(found_out)
    for pattern, rule in _RULES:
        if (found := re.search(pattern, message)) and (told := rule(site, found)):
            return site.error(*told)
    if isinstance(error, TypeError) and site.function is not None:
        return site.error(*_wrong_kind(site))
    first = (message.strip().split("\n") or [""])[0]
    first = re.sub(r"^\w+\(\): ", "", first)[:200] or type(error).__name__
    hint = f"{site.function.name}({site.function.signature})" if site.function else ""
    return site.error(f"PyTorch refuses this: {first}", hint)


def mended(error: Overwritten) -> Overwritten:
    """The error with a repair that makes a new value, where its line can be so written."""
    if error.text is None or error.span is None or not error.is_anew:
        return error
    repair = made_anew(error.text, error.span)
    return Overwritten(error.message, span=error.span, hint=error.hint, repair=repair, text=error.text)


def _broadcast(site: CallSite, found: re.Match[str]) -> Explained | None:
    tensors = site.tensors()
    if len(tensors) < 2:
        return None
    (left_name, left), (right_name, right) = tensors[:2]
    for axis in range(1, min(left.dim(), right.dim()) + 1):
        a, b = left.shape[-axis], right.shape[-axis]
        if a != b and 1 not in (a, b):
            message = f"shapes {tuple(left.shape)} and {tuple(right.shape)} do not broadcast: {a} against {b}"
            hint = (
                f"aligned from the right, axis {-axis} of `{left_name}` has {a} and of `{right_name}` {b}; "
                "they must be equal, or one of them 1"
            )
            return message, hint, _with_an_axis(site)
    return None


def _with_an_axis(site: CallSite) -> Repair | None:
    """The repair that lays a vector along the rows of a matrix, where it has as many elements as there are rows."""
    known = [(number, one) for number, one in enumerate(site.operands) if isinstance(one, Tensor)]
    for (number, vector), (_, matrix) in (known[:2], known[1::-1]):
        is_named = number < len(site.places) and site.written(number).isidentifier()
        if is_named and vector.dim() == 1 and matrix.dim() > 1 and len(vector) == matrix.shape[-2]:
            new = f"{site.written(number)}[:, None]"
            return site.replace(site.places[number], new, f"write {new}")
    return None


_OF_VECTORS = ("dot", "vdot")


def _matrix(site: CallSite, found: re.Match[str]) -> Explained | None:
    tensors = site.tensors()
    if site.name == "linear" and len(tensors) > 1:
        (a, left), (b, right) = tensors[:2]
        takes, has = (tensor.shape[-1] if tensor.dim() else 1 for tensor in (right, left))
        message = f"`{a}` has {has} features, the weight `{b}` takes {takes}"
        return message, "weight has shape (out, in): linear is input @ weight.T + bias", None
    products = tensors[-2:] if site.name in ("addmm", "addmv", "baddbmm") else tensors[:2]
    if len(products) < 2:
        return None
    (left_name, left), (right_name, right) = products
    if left.dim() == 0 or right.dim() == 0:
        name = left_name if left.dim() == 0 else right_name
        message, hint = f"`{name}` is a number, not a matrix", "write * to multiply, or give it the value of a matrix"
        if site.name != "@":
            return message, hint, None
        gap = Span(site.places[0].end, site.places[1].start)
        return message, hint, site.replace(gap, gap.of(site.program.text).replace("@", "*"), "write *")
    if site.name in _OF_VECTORS and max(left.dim(), right.dim()) > 1:
        shapes = f"`{left_name}` has shape {tuple(left.shape)}, `{right_name}` {tuple(right.shape)}"
        return f"`{site.name}` takes two vectors: {shapes}", "the product with a matrix is written with @", None
    inner, other = left.shape[-1], right.shape[-2] if right.dim() > 1 else right.shape[0]
    message = f"{tuple(left.shape)} @ {tuple(right.shape)}: the inner sizes {inner} and {other} differ"
    hint = f"the columns of `{left_name}` ({inner}) must be as many as the rows of `{right_name}` ({other})"
    repair = None
    if site.name == "@" and right.dim() == 2 and right.shape[-1] == inner:
        new = f"{right_name}.T" if right_name.isidentifier() else f"({right_name}).T"
        repair = site.replace(site.places[1], new, f"write {new}")
    return message, hint, repair


def _no_grad(site: CallSite, found: re.Match[str]) -> Explained | None:
    leaves = [free.name for free in site.program.free_names]
    hint = "switch on requires_grad for a leaf that it is computed from"
    repair = None
    if leaves and "no_grad" not in site.program.text and f"{leaves[0]}.requires" not in site.program.text:
        first = leaves[0]
        repair = Repair(f"add {first}.requires_grad_()", f"{first}.requires_grad_()\n{site.program.text}")
    return f"`{site.written(0)}` does not require a gradient: nothing it is computed from does", hint, repair


def _not_scalar(site: CallSite, found: re.Match[str]) -> Explained | None:
    shape = tuple(site.operands[0].shape) if site.operands and isinstance(site.operands[0], Tensor) else ()
    written = site.written(0)
    new = f"{written}.sum()" if re.fullmatch(r"[\w.]+(\(.*\))?", written) else f"({written}).sum()"
    repair = site.replace(site.places[0], new, f"write {new}")
    message = f"backward starts from one number, and `{written}` has shape {shape}"
    return message, f"sum it first: {new}.backward(); or give a seed: .backward(gradient=...)", repair


def _complex_root(site: CallSite, found: re.Match[str]) -> Explained | None:
    written = site.written(0)
    if not re.fullmatch(r"[\w.]+(\(.*\))?", written):
        written = f"({written})"
    repair = site.replace(site.places[0], f"{written}.abs()", f"write {written}.abs()") if site.places else None
    message = f"backward starts from one real number, and `{site.written(0)}` is complex"
    return message, f"take a real number of it: {written}.abs() or {written}.real", repair


def _complex_numbers(site: CallSite, found: re.Match[str]) -> Explained | None:
    written = next((text for text, tensor in site.tensors() if tensor.is_complex()), site.written(0))
    return (
        f"`{site.name}` does not work on complex numbers, and `{written}` is complex",
        "take abs(...) or .real of it",
        None,
    )


def _second_backward(site: CallSite, found: re.Match[str]) -> Explained | None:
    text = site.program.text
    for match in re.finditer(r"\.backward\(\)", text):
        mended = text[: match.start()] + ".backward(retain_graph=True)" + text[match.end() :]
        repair = Repair("write retain_graph=True", mended)
        break
    else:
        repair = None
    message = "the graph was freed by the first backward pass"
    return message, "keep it there: .backward(retain_graph=True)", repair


def _leaf_in_place(site: CallSite, found: re.Match[str]) -> Explained | None:
    name = site.written(0)
    repair = made_anew(site.program.text, site.span)
    if site.name == "[]=" and name.isidentifier():
        line = site.program.text.rfind("\n", 0, site.span.start) + 1
        indent = site.program.text[line : site.span.start]
        if not indent.strip():
            new = f"{name} = {name}.clone()"
            repair = site.replace(Span(site.span.start, site.span.start), f"{new}\n{indent}", f"write {new} before it")
    hint = "make a new value, or update it inside `with torch.no_grad():`"
    first = site.operands[0]
    if isinstance(first, Tensor) and first._is_view():
        message = f"`{name}` is a view of a leaf that requires a gradient: it cannot be changed in place"
        return message, "take a copy first: .clone()", repair
    return f"`{name}` is a leaf that requires a gradient: it cannot be changed in place", hint, repair


def _several_views(site: CallSite, found: re.Match[str]) -> Explained | None:
    made_by = _views_of(site.operands[0]) or found.group("made_by").removesuffix("Backward0").lower()
    message = (
        f"`{site.written(0)}` is one of the views that `{made_by}` gave at once: PyTorch does not change such in place"
    )
    hint = "make a new value, or take the view by itself, by an index: x[0]"
    return message, hint, made_anew(site.program.text, site.span)


_STALE = r"of (?P<made_by>\w+) is a view and its base or another view of its base has been modified inplace"


def _stale_view(_: CallSite, found: re.Match[str]) -> Explained | None:
    return _stale(found), "take the parts after the change, or one by itself, by an index: x[0]", None


def _stale(found: re.Match[str]) -> str:
    made_by = found.group("made_by").removesuffix("Backward0").lower()
    return f"a view that `{made_by}` gave beside others is used after their memory was changed in place"


def explained_result(error: RuntimeError) -> RuntimeError | PlaygroundError:
    """What PyTorch says of a result that it has no gradient for any more; any other error as it is."""
    found = re.search(_STALE, str(error))
    if found is None:
        return error
    return PlaygroundError(_stale(found), hint="take the parts after the change, or one by itself, by an index: x[0]")


def _views_of(value: Value) -> str:
    """The call that gave several views at once, from which this one was taken; '' where none is found."""
    node = value.grad_fn if isinstance(value, Tensor) else None
    while node is not None:
        made_by = node.name().removesuffix("Backward0").lower()
        if made_by in ("split", "splitwithsizes", "unbind"):
            return made_by.replace("withsizes", "")
        node = node.next_functions[0][0] if node.next_functions else None
    return ""


def _repeated_element(site: CallSite, found: re.Match[str]) -> Explained | None:
    name = site.written(0)
    message = (
        f"several elements of `{name}` are one number in memory (expand makes such): it cannot be changed in place"
    )
    return message, "take a copy first: .clone()", made_anew(site.program.text, site.span)


def _overlap(site: CallSite, found: re.Match[str]) -> Explained | None:
    message = f"`{site.written(0)}` is written to while another part of the same memory is read"
    return message, "take a copy of what is read first: .clone()", made_anew(site.program.text, site.span)


def _item_shape(site: CallSite, found: re.Match[str]) -> Explained | None:
    if site.name != "[]=" or not isinstance(site.operands[-1], Tensor):
        return None
    shape, place = tuple(site.operands[-1].shape), _as_shape(found.group("place"))
    message = f"a value of shape {shape} does not fit the place of shape {place}"
    return message, "an item takes one number, or a tensor that broadcasts to its shape", None


def _grows_in_place(site: CallSite, found: re.Match[str]) -> Explained | None:
    name, old, new = site.written(0), found.group("old"), found.group("new")
    message = f"`{name}` has shape {_as_shape(old)} and would get {_as_shape(new)}: in place, a value keeps its shape"
    return message, "make a new value instead", made_anew(site.program.text, site.span)


def _as_shape(sizes: str) -> str:
    """Sizes between square brackets as Python writes a shape."""
    return str(tuple(int(size) for size in sizes.strip("[]").split(",") if size.strip()))


def _keeps_its_kind(site: CallSite, found: re.Match[str]) -> Explained | None:
    if site.name == "[]=" or not site.operands or not isinstance(site.operands[0], Tensor):
        return None
    has = str(site.operands[0].dtype).removeprefix("torch.")
    message = f"`{site.written(0)}` is {has} and the new numbers are {found.group('new').lower()}"
    return (
        f"{message}: in place, a value keeps its kind",
        "make a new value instead",
        made_anew(site.program.text, site.span),
    )


def _view_without_gradients(site: CallSite, found: re.Match[str]) -> Explained | None:
    message = f"`{site.written(0)}` is a view that was made inside no_grad, and is changed outside of it"
    return message, "do both inside, or both outside", None


def _modified(site: CallSite, found: re.Match[str]) -> Explained | None:
    message = "a value that backward needs was changed in place"
    return message, "write x = x + y in place of x += y or x.add_(y)", None


def _axis(site: CallSite, found: re.Match[str]) -> Explained | None:
    tensors = site.tensors()
    if not tensors:
        return None
    name, tensor = tensors[0]
    axes, given = tensor.dim(), found.group("given")
    allowed = f"from {-axes} to {axes - 1}" if axes else "only 0 or -1"
    return f"`{name}` has no axis {given}: its shape is {tuple(tensor.shape)}", f"an axis is {allowed}", None


def _index_range(site: CallSite, found: re.Match[str]) -> Explained | None:
    tensors = site.tensors()
    shape = f": its shape is {tuple(tensors[0][1].shape)}" if tensors else ""
    name = tensors[0][0] if tensors else "the tensor"
    return f"`{name}` has no element {found.group('given')}{shape}", "positions count from 0", None


def _too_many_indices(site: CallSite, found: re.Match[str]) -> Explained | None:
    tensors = site.tensors()
    shape = f": its shape is {tuple(tensors[0][1].shape)}" if tensors else ""
    return f"more indices than axes{shape}", "one index for each axis; ... stands for those left out", None


def _item_of_a_number(site: CallSite, found: re.Match[str]) -> Explained | None:
    name = site.written(0)
    return (
        f"`{name}` is one number and has no elements to choose from",
        "give it a list of numbers, or leave out the []",
        None,
    )


def _dtypes(site: CallSite, found: re.Match[str]) -> Explained | None:
    kinds = [(name, str(tensor.dtype).removeprefix("torch.")) for name, tensor in site.tensors()]
    if len({kind for _, kind in kinds}) < 2:
        return None
    message = "different dtypes: " + ", ".join(f"`{name}` is {kind}" for name, kind in kinds)
    repair = None
    for number, value in enumerate(site.operands[: len(site.places)]):
        if isinstance(value, Tensor) and not value.is_floating_point():
            written = site.written(number)
            new = f"{written}.float()" if re.fullmatch(r"[\w.]+", written) else f"({written}).float()"
            if re.fullmatch(r"\[.*\]", written):
                new = f"tensor({written}, dtype=float32)"
            repair = site.replace(site.places[number], new, f"write {new}")
            break
    return message, "bring them to one with .float() or .to(float64)", repair


def _whole_numbers(site: CallSite, found: re.Match[str]) -> Explained | None:
    hint = "write them with a point (1.0), or use .float()"
    return f"`{site.name or 'this'}` needs numbers with a point, and these are whole", hint, None


def _not_derivable(site: CallSite, found: re.Match[str]) -> Explained | None:
    return (
        f"PyTorch has no derivative for `{found.group('name')}`",
        "it can be used where no gradient is needed: put .detach() or torch.no_grad() around it",
        None,
    )


def _takes_no_gradient(site: CallSite, found: re.Match[str]) -> Explained | None:
    hint = "it is kept beside the computation: give it with .detach(), or switch its requires_grad off"
    return f"`{site.name}` has no derivative by `{found.group('name')}`, and that requires a gradient", hint, None


def _only_float_gradients(site: CallSite, found: re.Match[str]) -> Explained | None:
    return "only tensors of floating-point numbers can require a gradient", "write the numbers with a point: 2.0", None


def _unused(site: CallSite, found: re.Match[str]) -> Explained | None:
    return "a value to differentiate by does not occur in the graph", "allow_unused=True gives None for it", None


def _ragged(site: CallSite, found: re.Match[str]) -> Explained | None:
    return "the rows of this list do not have one length", "every row of a tensor is as long as the others", None


def _reshape(site: CallSite, found: re.Match[str]) -> Explained | None:
    tensors = site.tensors()
    if not tensors:
        return None
    name, tensor = tensors[0]
    shape = found.group("shape")
    return (
        f"`{name}` has {tensor.numel()} elements (shape {tuple(tensor.shape)}), which do not fit the shape {shape}",
        "the product of the sizes must be the number of elements; one size may be -1",
        None,
    )


def _stack(site: CallSite, found: re.Match[str]) -> Explained | None:
    if site.name != "stack":
        return None
    return "the tensors in a list must have one shape", "bring them to one shape, or join them with cat", None


def _one_element(site: CallSite, found: re.Match[str]) -> Explained | None:
    return f"`{site.written(0)}` has more than one element", "sum it, or choose one element", None


def _wrong_kind(site: CallSite) -> Explained:
    function = site.function
    assert function is not None
    hint = f"{function.name}({function.signature})"
    for number, value in enumerate(site.operands):
        is_named = number < len(function.parameters) and function.parameters[number].name in (*TENSORS, "other")
        if is_named and isinstance(value, int | float):
            new = f"tensor({site.written(number)})"
            repair = site.replace(site.places[number], new, f"write {new}")
            return f"`{function.name}` takes a tensor here, not a number", f"write {new}", repair
    kinds = ", ".join(describe(value) for value in site.operands)
    return f"`{function.name}` does not take {kinds or 'no arguments'}", hint, None


_RULES: tuple[tuple[str, Callable[[CallSite, re.Match[str]], Explained | None]], ...] = (
    (r"output with shape (?P<old>\[.*?\]) doesn't match the broadcast shape (?P<new>\[.*?\])", _grows_in_place),
    (
        r"must match the size of tensor|not broadcastable|doesn't match the broadcast shape|could not be broadcast",
        _broadcast,
    ),
    (
        r"mat1 and mat2 shapes|shapes cannot be multiplied|size mismatch, got|inconsistent tensor size|"
        r"must match the size of|Expected size for first two dim|both arguments to (?:linear|matmul)|"
        r"vector \+ matrix|1D tensors expected|must be a (?:matrix|1-D)|mat1 dim 1",
        _matrix,
    ),
    (r"does not require grad and does not have a grad_fn|does not require grad$", _no_grad),
    (r"can be implicitly created only for scalar outputs", _not_scalar),
    (r"not implemented for 'Complex\w+'|not supported for complex", _complex_numbers),
    (r"can be implicitly created only for real scalar outputs", _complex_root),
    (r"Trying to backward through the graph a second time|saved intermediate values", _second_backward),
    (r"leaf Variable that requires grad", _leaf_in_place),
    (_STALE, _stale_view),
    (r"of (?P<made_by>\w+) is a view and is being modified inplace\. This view is the output of a", _several_views),
    (r"more than one element of the written-to tensor", _repeated_element),
    (r"some elements of the input tensor and the written-to tensor", _overlap),
    (r"expand\(.*size=(?P<place>\[.*?\])\)", _item_shape),
    (r"result type (?P<new>\w+) can't be cast to the desired output type", _keeps_its_kind),
    (r"view was created in no_grad mode", _view_without_gradients),
    (r"modified by an inplace operation|is a view and is being modified", _modified),
    (r"[Dd]imension (?:out of range \(.*got|specified as) (?P<given>-?\d+)", _axis),
    (r"index (?P<given>-?\d+) is out of (?:bounds|range)", _index_range),
    (r"too many indices", _too_many_indices),
    (r"invalid index of a 0-dim tensor", _item_of_a_number),
    (r"dtype|scalar type|same type|Input type", _dtypes),
    (
        r"can only be (?:float|calculated)|not implemented for '(?:Int|Long|Bool|Short|Char|Byte)'|"
        r"Input dtype must be either a floating|could not infer output dtype",
        _whole_numbers,
    ),
    (r"derivative for (?:aten::)?'?(?P<name>\w+)'? is not implemented", _not_derivable),
    (r"not differentiable with respect to argument '(?P<name>\w+)'", _takes_no_gradient),
    (r"[Oo]nly Tensors of floating point", _only_float_gradients),
    (r"appears to not have been used in the graph|have not been used in the graph", _unused),
    (r"expected sequence of length|not a sequence|at dim \d+ \(got", _ragged),
    (r"shape '(?P<shape>\[.*?\])' is invalid", _reshape),
    (r"stack expects each tensor to be equal size", _stack),
    (r"a Tensor with \d+ elements cannot be converted to Scalar", _one_element),
)
