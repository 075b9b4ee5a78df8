"""The file brand.toml: the name of the line and of the city, and the colour of its pages."""

from typing import Annotated

from pydantic import Field

from config.city.toml_file import TomlSource, TomlTable, TomlText
from config.validation import expected
from hotline.rules.city import Brand

ShortText = Annotated[str, Field(max_length=40, strict=True), expected("a text of up to 40 characters")]


class BrandFile(TomlTable):
    name_zh: Annotated[str, TomlText(40)]
    name_en: Annotated[str, TomlText(60)]
    city_zh: ShortText = ""
    city_en: ShortText = ""
    colour: Annotated[
        str, Field(pattern=r"^(#[0-9a-fA-F]{6})?$", strict=True), expected('a colour like "#1f5fbf", or ""')
    ] = ""


def read_brand(source: TomlSource) -> Brand:
    """Returns the brand. Raises BadFile naming file, key and reason."""
    content = source.read(BrandFile)
    return Brand(content.name_zh, content.name_en, content.city_zh, content.city_en, content.colour)
