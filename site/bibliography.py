"""The list of sources as BibTeX, for readers who cite: made from site/sources.md when the book is built."""

import re
import unicodedata

ENTRY = re.compile(
    r"^- \*\*(?P<name>.+?) (?P<year>\d{4})\.\*\* (?P<authors>.+?): "
    r"\*(?P<title>.+?)\*[.,]?(?: (?P<where>.+?)\.?)?$"
)
ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})[.;]?\s*")
PAGES = r", (?P<pages>\d+–\d+)"
# "Proceedings of the IEEE 78 (10), 1550–1560", but not "Proceedings of ICML 2013, 1310–1318".
ARTICLE = re.compile(
    rf"^(?P<journal>(?!Advances in )\D+) (?P<volume>\d{{1,3}}) ?(?:\((?P<number>\d+)\))?{PAGES}$"
)
MEETINGS = "Proceedings of|Advances in|International Conference|NeurIPS|IC[A-Z]+ |Neural Networks: "
MEETING = re.compile(rf"^(?:In: )?(?P<booktitle>(?:{MEETINGS}).*?)(?:{PAGES})?$")


def entries(text):
    """{key: (type, fields)} of the list in the text of sources.md, in its order.

    Raises
    ------
    SystemExit
        If a line of the list cannot be read, or two entries have one key.
    """
    found = {}
    for line in re.split(r"\n(?=- )", text)[1:]:
        line = " ".join(line.split())
        entry = ENTRY.match(line)
        if entry is None:
            raise SystemExit(f"sources.md: expected `- **Name Year.** Authors: *title*. Where.`, not: {line}")
        fields = {
            "author": re.sub(r",? and (?!others)|, ", " and ", entry["authors"]),
            "title": entry["title"],
            "year": entry["year"],
        }
        kind, where = _where(entry["where"] or "")
        key = key_of(f"{entry['name']} {entry['year']}")
        if key in found:
            raise SystemExit(f"sources.md: two entries are {key}")
        found[key] = kind, fields | where
    return found


def key_of(name):
    """glorot-bengio-2010 for "Glorot & Bengio 2010"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower().replace("et al.", "")))


def _where(text):
    """The type of an entry, and what its last sentence says, as fields."""
    fields = {}
    if arxiv := ARXIV.search(text):
        fields = {"eprint": arxiv[1], "archiveprefix": "arXiv"}
        text = ARXIV.sub("", text).strip(" .;")
    text, _, more = text.partition("; and ")
    if more:
        fields["note"] = f"And {more.replace('*', '')}"
    if article := ARTICLE.match(text):
        kind, said = "article", article.groupdict()
    elif meeting := MEETING.match(text):
        kind, said = "inproceedings", meeting.groupdict()
    else:
        kind, said = "misc", {"howpublished": text}
    return kind, {name: value.replace("–", "--") for name, value in said.items() if value} | fields


def to_bibtex(text):
    """All entries of the list as the text of a .bib file."""
    blocks = []
    for key, (kind, fields) in entries(text).items():
        lines = [f"@{kind}{{{key},"]
        for name, value in fields.items():
            value = re.sub(r"[&%#_]", r"\\\g<0>", value)
            if name == "title":
                value = f"{{{value}}}"  # the list's own capitals stay
            lines.append(f"  {name} = {{{value}}},")
        blocks.append("\n".join([*lines, "}"]))
    return "\n\n".join(blocks) + "\n"
