#!/usr/bin/env bash
# The first optimizer of a process imports PyTorch's compiler: about as many modules as PyTorch itself, with or without training.
#
# A surprise against: the constructor of SGD keeps a list of parameters; `torch._dynamo` is imported by who calls `torch.compile`.
# Versions: torch 2.14.1.
# Expected: `torch.optim.SGD(parameters, lr=0.1)` takes microseconds, and what a page server or a worker has in memory stays.
# Seen: `add_param_group` is marked as not to be compiled, and the mark imports `torch._dynamo` at the first call, with sympy and
# torch.distributed.fsdp behind it, though nothing is ever compiled. The second optimizer costs nothing. A process that starts
# workers by fork pays once where it has made an optimizer before it forks, and every worker pays where it has not. A step, a
# scheduler or a state that is loaded does not matter: the constructor alone does it.
#
# Output seen (modules and the ratio differ from one machine to another: 0.7 to 1.1):
#   torch 2.14.1: import torch brings 1156 modules, of these []
#   the first optimizer brings 893 more, of these ['torch._dynamo', 'sympy', 'torch.distributed.fsdp']
#   it takes 0.7 times the CPU time of `import torch`, the second one 0.0001 of the first
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6
"$dir/venv/bin/python" -I -W ignore - <<'END'
import sys
import time

COMPILER = ("torch._dynamo", "sympy", "torch.distributed.fsdp")


def first(make):
    """Seconds of CPU time and modules that a call brings."""
    modules, start = set(sys.modules), time.process_time()
    make()
    return time.process_time() - start, len(set(sys.modules) - modules)


def load():
    global torch
    import torch


torch_seconds, torch_modules = first(load)
weights = [torch.zeros(2, requires_grad=True)]
before = [name for name in COMPILER if name in sys.modules]
seconds, modules = first(lambda: torch.optim.SGD(weights, lr=0.1))
again, more = first(lambda: torch.optim.Adam(weights))
after = [name for name in COMPILER if name in sys.modules]
print(f"torch {torch.__version__.split('+')[0]}: import torch brings {torch_modules} modules, of these {before}")
print(f"the first optimizer brings {modules} more, of these {[name for name in after if name not in before]}")
print(f"it takes {seconds / torch_seconds:.1f} times the CPU time of `import torch`, the second one {again / seconds:.4f} of the first")
assert "torch._dynamo" not in before and "torch._dynamo" in after, "changed: the compiler is not imported by an optimizer"
assert modules > 200 and more < 5, "changed: the modules that the first optimizer brings"
assert seconds > 0.2 * torch_seconds, "changed: the first optimizer is cheap"
END
