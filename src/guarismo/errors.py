"""The errors that guarismo raises, one tree.

    GuarismoError
    ├── UsageError      the call was wrong: an option, an argument, a name          (exit code 2)
    └── DataError       the call was right, what it met was not                     (exit code 1)
        ├── PictureError    not a picture, empty, cut short, too large
        ├── DatasetError    a data set is missing, incomplete, changed or mislabelled
        ├── ModelError      a model directory is missing, changed, or made for another ink
        └── OutputError     a result could not be written

Each message is one line: what came, what was expected, what to do. It is kept as a template and
its fields, so that the command line can say it in another language.
"""

from __future__ import annotations

from collections.abc import Callable
from gettext import gettext as _


class GuarismoError(Exception):
    """Base of all errors raised on purpose. ``template`` is English with ``{fields}``."""

    exit_code = 1

    def __init__(self, template: str, **fields: object) -> None:
        super().__init__(template)
        self.template = template
        self.fields = fields

    def __str__(self) -> str:
        return self.template.format(**self.fields)

    def in_words(self, say: Callable[[str], str] = _) -> str:
        """The message in another language: that of the session, English unless the program has set a text domain."""
        fields = dict(self.fields)
        if reason := str(fields.get("reason", "")):  # often the system's words, such as "Permission denied"
            fields["reason"] = say(reason)
        return say(self.template).format(**fields)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.template, self.fields)


class UsageError(GuarismoError):
    """The caller asked for something that cannot be: a bad option, argument or name."""

    exit_code = 2


class DataError(GuarismoError):
    """The call was right, but a file or a value that it met was not."""


class PictureError(DataError):
    """Not a picture, empty, cut short, or beyond the limits on bytes and pixels."""


def unread(error: Exception, name: str = "the picture") -> PictureError:
    """What is said of a picture on which something breaks that should not: OpenCV, the runtime, we ourselves."""
    words = " ".join(str(error).split())[:300] or type(error).__name__
    return PictureError("{name}: could not be read ({reason}); look at it, and tell us", name=name, reason=words)


class DatasetError(DataError):
    """A data set is missing, incomplete, changed or wrongly labelled."""


class ModelError(DataError):
    """A model directory is missing, changed, or was trained for another ink version."""


class OutputError(DataError):
    """A result could not be written: a full disk, a read-only folder, a name already taken."""


def _rebuild(kind: type[GuarismoError], template: str, fields: dict[str, object]) -> GuarismoError:
    """Unpickle an error: exceptions with keyword arguments need telling how they were made."""
    return kind(template, **fields)
