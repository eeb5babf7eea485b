#!/usr/bin/env bash
# In CPython 3.11 a thread's `ast.parse` of a good text raises SystemError where another thread parses meanwhile.
#
# A surprise against: `ast.parse` is one call into C that holds the interpreter's lock, so threads may parse at once.
# Versions: CPython 3.11.2 and 3.11.7; python/cpython pull request 113035 mends it after these, so newer ones are skipped.
# Expected: a tree, in every thread.
# Seen: the depth of the tree that is being made is counted in one place for the whole interpreter. A garbage collection in the
# midst of a parse runs Python code (a finalizer, a weakref's or a collection's callback), which gives up the lock; a parse in
# another thread, or in that very code, sets the counter back, and the first one ends in a SystemError. Four threads whose garbage
# has a `__del__` met it once in 6,000 parses; here a collection is made to meet a parse each time. A lock round `ast.parse` cures it.
#
# Output seen:
#   CPython 3.11.7
#   while another thread parses: 16 of 20 parses raise SystemError: AST constructor recursion depth mismatch (before=9, after=7)
#   while the collection parses: 20 of 20 parses raise SystemError: AST constructor recursion depth mismatch (before=9, after=13)
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python=$(command -v python3.11 || command -v "${PYTHON:-python3}")
"$python" -m venv --without-pip "$dir/venv"
"$dir/venv/bin/python" -I - <<'END'
import ast
import gc
import platform
import sys
import threading

if not (3, 11, 0) <= sys.version_info < (3, 11, 8):
    print(f"skipped: this needs CPython 3.11.0 to 3.11.7 as python3.11, and here is {platform.python_version()}")
    sys.exit()
TEXT = "f = " + " + ".join(f"sin(x{i} * (y{i} - 2))" for i in range(20))


def another_thread():
    thread = threading.Thread(target=ast.parse, args=("y = 1",))
    thread.start()
    thread.join()


def the_collection():
    ast.parse("y = 1")


def failures(parse_meanwhile):
    """The messages of 20 parses, with a parse inside each collection."""
    busy, messages = [], []

    def in_collection(phase, info):
        if not busy:
            busy.append(True)
            parse_meanwhile()
            busy.clear()

    gc.set_threshold(10)
    gc.callbacks.append(in_collection)
    for _ in range(20):
        try:
            ast.parse(TEXT)
        except SystemError as error:
            messages.append(str(error))
    gc.callbacks.clear()
    return messages


print("CPython", platform.python_version())
for meanwhile in (another_thread, the_collection):
    messages = failures(meanwhile)
    name = meanwhile.__name__.replace("_", " ")
    assert messages and "recursion depth mismatch" in messages[0], f"changed: while {name} parses, no parse fails"
    print(f"while {name} parses: {len(messages)} of 20 parses raise SystemError: {messages[-1]}")
END
