"""site/bibliography.py: every source as a BibTeX entry."""

import re

import pytest
from book import from_site
from conftest import ROOT

bibliography = from_site("bibliography")
SOURCES = (ROOT / "site" / "sources.md").read_text(encoding="utf-8")


def test_every_source_is_an_entry_with_author_title_and_year():
    entries = bibliography.entries(SOURCES)
    assert len(entries) == SOURCES.count("\n- **") > 90
    for key, (kind, fields) in entries.items():
        assert fields["author"] and fields["title"] and re.fullmatch(r"\d{4}", fields["year"]), key
        assert kind != "article" or {"journal", "volume", "pages"} <= set(fields), key
        assert kind != "inproceedings" or fields["booktitle"], key


@pytest.mark.parametrize(
    "line, entry",
    [
        (
            "- **Hochreiter & Schmidhuber 1997.** S. Hochreiter, J. Schmidhuber: *Long short-term memory*.\n"
            "  Neural Computation 9 (8), 1735–1780.",
            "@article{hochreiter-schmidhuber-1997,\n  author = {S. Hochreiter and J. Schmidhuber},\n"
            "  title = {{Long short-term memory}},\n  year = {1997},\n  journal = {Neural Computation},\n"
            "  volume = {9},\n  number = {8},\n  pages = {1735--1780},\n}",
        ),
        (
            "- **Werbos 1990.** P. Werbos: *Backwards & forwards*. Proceedings of the IEEE 78 (10), 1550–60.",
            "@article{werbos-1990,\n  author = {P. Werbos},\n  title = {{Backwards \\& forwards}},\n"
            "  year = {1990},\n  journal = {Proceedings of the IEEE},\n  volume = {78},\n  number = {10},\n"
            "  pages = {1550--60},\n}",
        ),
        (
            "- **Laurent et al. 2016.** C. Laurent and others: *Norms*. Proceedings of ICASSP 2016, "
            "2657–2661. arXiv:1510.01378.",
            "@inproceedings{laurent-2016,\n  author = {C. Laurent and others},\n  title = {{Norms}},\n"
            "  year = {2016},\n  booktitle = {Proceedings of ICASSP 2016},\n  pages = {2657--2661},\n"
            "  eprint = {1510.01378},\n  archiveprefix = {arXiv},\n}",
        ),
        (
            "- **Veit et al. 2016.** A. Veit: *Is it deep?* Advances in Neural Information Processing "
            "Systems 29, 550–558.",
            "@inproceedings{veit-2016,\n  author = {A. Veit},\n  title = {{Is it deep?}},\n  year = {2016},\n"
            "  booktitle = {Advances in Neural Information Processing Systems 29},\n  pages = {550--558},\n}",
        ),
        (
            "- **Çelik 2020.** A. Çelik: *A book*.",
            "@misc{celik-2020,\n  author = {A. Çelik},\n  title = {{A book}},\n  year = {2020},\n}",
        ),
    ],
)
def test_a_line_as_bibtex(line, entry):
    assert bibliography.to_bibtex(f"# Sources\n\n{line}\n") == entry + "\n"


@pytest.mark.parametrize(
    "lines, message",
    [
        ("- **Elman 1990**: *Finding structure in time*.", r"expected `- \*\*Name Year"),
        ("- **Elman 1990.** J. Elman: *A*.\n- **Elman 1990.** J. Elman: *B*.", "two entries are elman-1990"),
    ],
)
def test_what_cannot_be_read_is_said(lines, message):
    with pytest.raises(SystemExit, match=message):
        bibliography.to_bibtex(f"# Sources\n\n{lines}\n")


def test_the_page_offers_it(book):
    (file,) = (book / "_downloads").rglob("sources.bib")
    assert file.read_text(encoding="utf-8") == bibliography.to_bibtex(SOURCES)
