"""What the files beside the code promise: settings that exist, colours that can be read, a component that is found."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def settings(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from settings(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


@pytest.mark.parametrize("name", [name for name, _ in settings(CONFIG)])
def test_streamlit_knows_every_setting(name: str) -> None:
    from streamlit import config

    assert name in config._config_options_template


def test_the_settings_that_keep_a_class_safe_and_fast() -> None:
    found = dict(settings(CONFIG))
    assert found["runner.postScriptGC"] is False
    assert found["browser.gatherUsageStats"] is False
    assert found["client.showErrorDetails"] == "none"
    assert found["client.showErrorLinks"] is False
    assert found["server.maxUploadSize"] <= 128
    assert found["server.maxMessageSize"] <= 20
    assert found["server.maxWidgetStateSize"] <= 2


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["backgroundColor", "secondaryBackgroundColor", "codeBackgroundColor"])
@pytest.mark.parametrize("ink", ["textColor", "primaryColor", "linkColor", "codeTextColor"])
def test_text_can_be_read_on_every_ground(theme: str, ground: str, ink: str) -> None:
    colours = CONFIG["theme"][theme]
    assert contrast(colours[ink], colours[ground]) >= 4.5


def requirement_lines(name: str) -> list[str]:
    return [
        line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")
    ]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"])
def test_every_dependency_has_bounds_and_a_reason(name: str) -> None:
    for line in requirement_lines(name):
        wanted, _, reason = line.partition("#")
        assert len(reason.split()) >= 2, line
        if not wanted.startswith("-"):
            specifiers = {specifier.operator for specifier in Requirement(wanted.strip()).specifier}
            assert specifiers in ({">=", "<"}, {"=="}), line


def test_the_package_declares_the_dependencies_of_requirements_txt() -> None:
    listed = {
        str(Requirement(line.partition("#")[0].strip()))
        for line in requirement_lines("requirements.txt")
        if not line.startswith("-")
    }
    declared = {str(Requirement(line)) for line in importlib.metadata.requires("playground") or []}
    assert declared == listed


def test_streamlit_finds_the_component_in_the_installed_package() -> None:
    from streamlit.components.v2.manifest_scanner import scan_component_manifests

    found = {manifest.name: (manifest, folder) for manifest, folder in scan_component_manifests()}
    manifest, folder = found["playground"]
    assert folder.resolve() == ROOT / "playground"
    assert [component.name for component in manifest.components] == [
        "stepper",
        "stack",
        "train",
        "functions",
        "pictures",
    ]
    assert manifest.components[0].resolve_asset_root(folder) == ROOT / "playground" / "frontend"


def test_both_project_files_name_the_same_package_and_version() -> None:
    outer, inner = (
        tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for folder in (ROOT, ROOT / "playground")
    )
    assert (inner["name"], inner["version"]) == (outer["name"], outer["version"])


def test_every_folder_of_modules_is_a_package() -> None:
    """A folder without `__init__.py` would be left out of the wheel and of the import contracts."""
    folders = {path.parent for path in (ROOT / "playground").rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []


def test_the_package_needs_no_streamlit() -> None:
    program = "import sys; sys.modules['streamlit'] = None; import playground; playground.run('f = x * 2', {'x': 1.0})"
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=250)
    assert finished.returncode == 0, finished.stderr


def test_makefile_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"help"}
    assert targets == set(re.findall(r'@echo "make ([a-z-]+) ', makefile))


@pytest.mark.parametrize("script", sorted(p.name for p in (ROOT / "scripts").iterdir() if p.is_file() and not p.suffix))
def test_scripts_are_executable_and_parse(script: str) -> None:
    path = ROOT / "scripts" / script
    assert path.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(path)], check=True)
