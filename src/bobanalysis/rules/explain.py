"""Former names of ``words`` and ``simplify``."""

from .expr import COMPARISONS as COMPARISONS  # alias
from .simplify import simplify as settled  # noqa: F401  # alias
from .words import format_value as value_text  # noqa: F401  # alias
from .words import quote as quoted  # noqa: F401  # alias
from .words import sentence as sentence  # alias
