"""Every relative link and every named file or module in the documents exists."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, name_of, tracked

LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")
MODULE = re.compile(r"`((?:hotline|ivr_flows|agent_console|config|tests)/[\w./-]+\.(?:py|toml|js|html))`")
DOCUMENTS = [path for path in tracked() if path.suffix == ".md"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_a_document_links_and_names_only_what_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    linked = {link: path.parent / link for link in LINK.findall(text)}
    named = {name: ROOT / name for name in MODULE.findall(text)}
    assert [name for name, target in (linked | named).items() if not target.exists()] == []
