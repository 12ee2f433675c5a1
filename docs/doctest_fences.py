"""Shows the examples of docstrings as code, also those that stand in no section of their own."""

import re

import griffe

# Lines from one that starts with >>> up to the next empty line.
EXAMPLE = re.compile(r"^>>> .*(?:\n(?!$).*)*", re.M)


class DoctestFences(griffe.Extension):
    """Puts fences around each example that begins at the margin."""

    def on_object(self, *, obj: griffe.Object, **kwargs: object) -> None:
        """Changes the docstring of an object."""
        if obj.docstring:
            obj.docstring.value = EXAMPLE.sub(r"```pycon\n\g<0>\n```", obj.docstring.value)
