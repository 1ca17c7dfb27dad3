"""What can go wrong with data: one exception, whose text says where and what to do."""

from __future__ import annotations


class DataError(Exception):
    """A source, a table or a file is not what the registry says; the text names it and says what to do."""
