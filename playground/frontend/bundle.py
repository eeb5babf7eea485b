"""Modules of the browser's side joined to one script: for a page that is one file, and for one request, not sixty."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from pathlib import Path

_IMPORT = re.compile(r'^import\s+\{([^}]*)\}\s+from\s+"(\.\.?/[\w./-]+\.js)";[^\S\n]*$', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+(default\s+)?((?:async\s+)?function\*?|const|let|class)\s+(\w+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export\s+default\s+(?=\w+\()", re.MULTILINE)  # what a call returns
_STANDARD = "standard"  # the name of such an export in its module
_WHOLE_LINE_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:(?!\*/)[\s\S])*\*/[ \t]*)\n", re.MULTILINE)
_OWN_PLACE = re.compile(r"import\.meta|\bimport\(\"\.")


def script(folder: Path, entry: str) -> str:
    """A module and all that it imports as one module with the same default export.

    Raises ValueError as `bundle` does, and where a module that names a file by its own place, which here is that of
    the entry, stands less or more deep.
    """
    order = _order(folder, entry)
    for name in order:
        if name.count("/") != entry.count("/") and _OWN_PLACE.search(plain(read(folder / name))):
            raise ValueError(f"{name} cannot be joined with others: it names a file by its own place")
    return f"{plain(_joined(folder, order))}export default {_scope(entry)}.{_STANDARD};\n"


def bundle(folder: Path, entry: str) -> str:
    """An ECMAScript module and all that it imports as one script; each module keeps its own scope.

    `entry` and the modules that it imports are files below `folder`. Raises ValueError where modules import each other,
    and for an import or export of a form that is not known here.
    """
    return _joined(folder, _order(folder, entry))


def plain(text: str) -> str:
    """Scripts or style without the lines that are comments, and without indentation; no string runs over lines."""
    return re.sub(r"^\s+", "", _WHOLE_LINE_COMMENT.sub("", text), flags=re.MULTILINE)


def newest(folder: Path) -> int:
    """When a module in the folder was last changed, in nanoseconds."""
    return max(path.stat().st_mtime_ns for path in folder.rglob("*.js"))


def _order(folder: Path, entry: str) -> list[str]:
    """The modules, each after those that it imports."""
    order: list[str] = []
    _visit(folder, entry, order)
    return order


def _joined(folder: Path, order: list[str]) -> str:
    return "".join(_module(folder, name) for name in order)


def _visit(folder: Path, name: str, order: list[str], above: tuple[str, ...] = ()) -> None:
    if name in above:
        raise ValueError(f"{name} is imported by what it imports: {', '.join(above)}")
    if name in order:
        return
    for match in _IMPORT.finditer(read(folder / name)):
        _visit(folder, _resolved(name, match[2]), order, (*above, name))
    order.append(name)


def _resolved(importer: str, specifier: str) -> str:
    """The file that an import names, from the folder of all modules.

    >>> _resolved("stepper/panel/why.js", "../../shared/dom.js")
    'shared/dom.js'
    """
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), specifier))


def _module(folder: Path, name: str) -> str:
    """Write one module as a function that is called at once and returns its exports."""
    text = _IMPORT.sub(
        lambda match: f"const {{{match[1].replace(' as ', ': ')}}} = {_scope(_resolved(name, match[2]))};",
        read(folder / name),
    )
    exports = [match[3] for match in _EXPORT.finditer(text)]
    text = _EXPORT.sub(lambda match: f"{match[2]} {match[3]}", text)
    if _DEFAULT.search(text):
        text = _DEFAULT.sub(f"const {_STANDARD} = ", text)
        exports.append(_STANDARD)
    if unknown := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
        raise ValueError(f"{name} cannot be joined with others: {unknown[0]}")
    return f"const {_scope(name)} = (() => {{\n{text}\nreturn {{ {', '.join(exports)} }};\n}})();\n"


def _scope(name: str) -> str:
    return re.sub(r"\W", "_", name)


def read(path: Path) -> str:
    return _cached(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _cached(path: Path, _changed: int) -> str:
    return path.read_text(encoding="utf-8")
