"""The dependencies: each line of requirements.txt that names a package (`-e .` names none). All else: pyproject.toml"""

from pathlib import Path

from setuptools import setup

text = Path(__file__).with_name("requirements.txt").read_text(encoding="utf-8")
lines = [line.split("#")[0].strip() for line in text.splitlines()]
setup(install_requires=[line for line in lines if line and not line.startswith("-")])
