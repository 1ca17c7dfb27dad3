"""Old names of ``bobanalysis.validation`` and ``records.read_people``."""  # alias

from bobanalysis.tables import InputError as InputError
from bobanalysis.validation import REJECTS as REJECTS_SCHEMA
from bobanalysis.validation import ValidationResult as Intake
from bobanalysis.validation import validate as admit

from .records import read_people as read_people

__all__ = ["REJECTS_SCHEMA", "InputError", "Intake", "admit", "read_people"]
