"""Annotations for pydantic schemas whose errors are read by people: one line that says what a value must be."""

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError


def expected(words: str) -> WrapValidator:
    """Returns an annotation: whatever pydantic finds wrong with a value, its error says "must be `words`"."""

    def check(value: object, validate: ValidatorFunctionWrapHandler) -> object:
        try:
            return validate(value)
        except ValidationError:
            shown = f'"{value}"' if isinstance(value, str) else repr(value)
            raise PydanticCustomError(
                "expected", "must be {words}, not {shown}", {"words": words, "shown": shown}
            ) from None

    return WrapValidator(check)
