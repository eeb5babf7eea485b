"""The settings of a document: what each field may hold. Its links, forms, defaults and checks read this one table."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Self

from playground.errors import PlaygroundError
from playground.texts import is_whole, whole_characters

# As a link and a form may say it, in ASCII: int() takes 1_0 and digits of every script. No setting is below 0.
_WRITTEN = {bool: "[01]", int: r"\+?[0-9]{1,11}", float: "[-+.0-9A-Za-z]+", tuple: "-?[0-9]+(x-?[0-9]+)*"}
_LONGEST_NUMBER = 400  # characters of a number in a link: more than a float has digits


@dataclass(frozen=True, slots=True)
class DocumentSetting:
    """The rule of one field: the kind of the default, one of `choices`, or numbers within `least` and `most`."""

    default: Any  # None: a text, or none
    meaning: str = ""
    label: str = ""  # on a form, where it is not the name
    choices: tuple[str, ...] = ()
    pattern: str = ""  # of texts that are allowed beside the choices
    least: float = 0
    most: float = math.inf
    sizes: int = 1  # so many whole numbers at most, of a shape
    number_format: str = ".12g"  # of a fraction in a link
    longest: int = 100  # characters of a text: counted before anything looks at it
    zero: str = ""  # how a form says 0, where that stands for something else
    words: str = ""  # what is allowed, where that is not said by the rest

    @property
    def allowed(self) -> str:
        """In words.

        >>> DocumentSetting(1, least=1, most=4).allowed, DocumentSetting("a", choices=("a", "b")).allowed
        ('1 to 4', 'a, b')
        """
        if self.words or self.choices:
            return self.words or ", ".join(self.choices)
        return f"{self.least:g} to {self.most:g}" if self.most < math.inf else f"{self.least:g} or more"

    def typed(self, content: Any) -> Any:
        """A whole number where a fraction is meant is one; a list where a shape is meant too.

        A text is one of whole characters, whatever was typed or sent.
        """
        if isinstance(content, str):
            return whole_characters(content) if len(content) <= self.longest else content
        if type(self.default) is float and type(content) is int and abs(content) < 1e300:
            return float(content)
        return tuple(content) if type(self.default) is tuple and isinstance(content, list) else content

    def takes(self, content: Any) -> bool:
        """Tell whether the field may hold this."""
        if isinstance(content, str) and (len(content) > self.longest or not is_whole(content)):
            return False
        if self.default is None:
            return content is None or type(content) is str
        if type(content) is not type(self.default):
            return False
        if self.choices:
            return content in self.choices or (bool(self.pattern) and re.fullmatch(self.pattern, content) is not None)
        if isinstance(content, tuple):
            return 1 <= len(content) <= self.sizes and all(type(one) is int and self._is_within(one) for one in content)
        return isinstance(content, str | bool) or self._is_within(content)

    def _is_within(self, number: float) -> bool:
        return self.least <= number <= self.most and (isinstance(number, int) or math.isfinite(number))

    def text(self, content: Any) -> str:
        """The content as it stands in a link.

        >>> DocumentSetting((1,), sizes=4).text((1, 28, 28)), DocumentSetting(False).text(True)
        ('1x28x28', '1')
        """
        if isinstance(content, tuple):
            return "x".join(map(str, content))
        if isinstance(content, bool):
            return str(int(content))
        return format(content, self.number_format) if isinstance(content, float) else str(content)

    def read(self, text: str) -> Any:
        """The content that a text in a link stands for, allowed or not; ValueError where it is of another kind."""
        kind = type(self.default)
        if kind in _WRITTEN and len(text) > _LONGEST_NUMBER:
            raise ValueError(text[:_LONGEST_NUMBER])
        text = text.strip(" ") if kind in _WRITTEN else text
        if kind in _WRITTEN and re.fullmatch(_WRITTEN[kind], text) is None:
            raise ValueError(text)
        if kind is tuple:
            return tuple(map(int, text.split("x")))
        return text == "1" if kind is bool else kind(text) if kind in (int, float) else text


def setting(default: Any, meaning: str = "", **limits: Any) -> Any:
    """A field of a document's dataclass; `limits`: the other fields of its DocumentSetting."""
    return field(default=default, metadata={"setting": DocumentSetting(default, meaning, **limits)})


@dataclass(frozen=True, slots=True)
class SettingsDocument(ABC):
    """A text and its settings, fields made by `setting`: plain data that a link, a form and a file can hold."""

    text: str = setting("")

    @classmethod
    @cache
    def settings(cls) -> Mapping[str, DocumentSetting]:
        """The table, in the order of the fields; fields that are no setting are left out."""
        return MappingProxyType({one.name: one.metadata["setting"] for one in fields(cls) if "setting" in one.metadata})

    @classmethod
    def label(cls, name: str) -> str:
        """A setting as a form calls it."""
        return cls.settings()[name].label or name.replace("_", " ").capitalize()

    @classmethod
    @abstractmethod
    def refusal(cls, name: str, content: Any) -> PlaygroundError:
        """The error for what a setting cannot hold, in the words of this document."""

    @classmethod
    def checked(cls, name: str, content: Any) -> Any:
        """Convert to what this setting holds; its refusal is raised where it cannot hold this."""
        wanted = cls.settings()[name]
        typed = wanted.typed(content)
        if not wanted.takes(typed):
            raise cls.refusal(name, content)
        return typed

    def changed(self) -> dict[str, Any]:
        """The settings that are not the defaults."""
        table = self.settings()
        return {name: content for name in table if (content := getattr(self, name)) != table[name].default}

    def link_parts(self, main: str = "text") -> dict[str, str]:
        """The text, under the name `main`, and the settings that are not the defaults, as they stand in a link."""
        said, table = self.changed(), self.settings()
        said.pop("text", None)
        return {main: self.text} | {name: table[name].text(content) for name, content in said.items()}

    def with_settings(self, given: Mapping[str, Any]) -> tuple[Self, dict[str, PlaygroundError]]:
        """The same with these settings; one that is refused stays as it was; the refusals by name."""
        document, refusals = self, dict[str, PlaygroundError]()
        for name, content in given.items():
            try:
                document = replace(document, **{name: self.checked(name, content)})
            except PlaygroundError as error:
                refusals[name] = error
        return document, refusals
