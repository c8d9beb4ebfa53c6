"""One script out of a page's modules: a thin link pays a round trip for each file, so it gets one.

Each module becomes a function that runs once, in the order imports ask for; names stay as written,
comments go. What is imported later (`import("./x.js")`) becomes a part of its own, which takes from
the page what the page already has. Knows the forms of import and export that our scripts and npm's
use, and refuses every other, cycles included, with the file's name: nothing is guessed about what a
script means.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

# Where a statement begins: our formatter puts it at the beginning of a line.
IMPORT = re.compile(
    r'^import (?:(?P<names>\{[^}]*\})|\* as (?P<all>\w+)) from "(?P<path>\.[^"]+)";$', re.M
)
DECLARED = re.compile(r"^export (?=(?:(?:async )?function\*?|class|const) (?P<name>[\w$]+))", re.M)
# At the end of a file, as npm's are made: `export{a as b,c};`.
LISTED = re.compile(r"(?:^|(?<=[;}]))export ?\{(?P<names>[^}]*)\};?\s*$")
LATER = re.compile(r'\bimport\("(?P<path>\.[^"]+\.js)"\)')
LEFT = re.compile(r"^(?:import|export)\b(?!\s*\().*$", re.M)
# Only `//` of whole lines and `/**` at their beginning: what follows code on its line may be text.
LINE_COMMENT = re.compile(r"^[ \t]*//.*\n?", re.M)
BLOCK_COMMENT = re.compile(r"^[ \t]*/\*\*(?:(?!\*/).)*\*/[ \t]*\n", re.M | re.S)


class NotBundled(ValueError):
    """The text names the file and what in it this does not know."""


def _pairs(names: str) -> Iterator[tuple[str, str]]:
    """(inside, outside) of `a as b, c`."""
    for part in filter(None, (part.strip() for part in names.strip("{} \n").split(","))):
        inside, _, outside = part.partition(" as ")
        yield inside.strip(), (outside or inside).strip()


def _destructured(names: str) -> str:
    """`{ a as b, c }` of an import, as an object pattern."""
    return "{" + ", ".join(a if a == b else f"{a}: {b}" for a, b in _pairs(names)) + "}"


class Bundle:
    """A page's script and its later parts. Raises `NotBundled`."""

    def __init__(self, files: Mapping[str, str]) -> None:
        """`files`: every script by its path."""
        self._files = files
        self._numbers: dict[str, int] = {}
        self._given: dict[str, tuple[str, ...]] = {}
        self._parts: dict[int, str] = {}  # module number: the part it is in
        self._later: list[str] = []
        self._begin("")

    def _begin(self, part: str) -> None:
        self._part = part
        self._made: list[str] = []
        self._taken: set[int] = set()  # from the page, by a later part

    def of(self, entry: str) -> dict[str, str]:
        """The scripts to serve: of the page, and of what it imports later, by their names."""
        self._begin(entry)
        self._add(entry, ())
        page, shared = "\n".join(self._made), set[int]()
        scripts = {}
        for name in self._later:  # grows while it is read
            self._begin(name)
            number = self._add(name, (entry,))
            shared |= self._taken
            scripts[name] = self._as_part(name, number, entry)
        exported = f"export {{ {_numbered(shared)} }};\n" if shared else ""
        return {entry: f"{page}\n{exported}", **scripts}

    def _as_part(self, name: str, number: int, page: str) -> str:
        path = posixpath.relpath(page, posixpath.dirname(name))
        path = path if path.startswith(".") else f"./{path}"
        taken = f'import {{ {_numbered(self._taken)} }} from "{path}";\n' if self._taken else ""
        given = ", ".join(self._given[name])
        return taken + "\n".join(self._made) + f"\nexport const {{ {given} }} = $m{number};\n"

    def _add(self, name: str, above: tuple[str, ...]) -> int:
        if name in above:
            raise NotBundled(f"{name}: imports itself by way of {', '.join(above)}")
        if name not in self._files:
            raise NotBundled(f"{name}: imported by {above[-1] if above else 'nobody'}, not there")
        if name not in self._numbers:
            body = self._body(name, above)
            number = self._numbers[name] = len(self._numbers)
            self._parts[number] = self._part
            self._made.append(f"// {name}\nconst $m{number} = (() => {{\n{body}}})();")
        number = self._numbers[name]
        if self._parts[number] != self._part:
            self._take(name, number)
        return number

    def _take(self, name: str, number: int) -> None:
        if self._parts[number] in self._later:
            raise NotBundled(f"{name}: needed by two later parts; the page must import it")
        self._taken.add(number)

    def _body(self, name: str, above: tuple[str, ...]) -> str:
        text = BLOCK_COMMENT.sub("", LINE_COMMENT.sub("", self._files[name]))
        exported = [(found["name"], found["name"]) for found in DECLARED.finditer(text)]
        if listed := LISTED.search(text):
            exported += _pairs(listed["names"])
            text = text[: listed.start()]
        self._given[name] = tuple(outside for _, outside in exported)
        text = IMPORT.sub(partial(self._imported, name, above), text)
        text = LATER.sub(partial(self._postponed, name), DECLARED.sub("", text)).rstrip()
        _refuse_unknown(name, text)
        given = ", ".join(f"get {outside}() {{ return {inside}; }}" for inside, outside in exported)
        return f"{text}\nreturn {{{given}}};\n"

    def _imported(self, name: str, above: tuple[str, ...], found: re.Match[str]) -> str:
        path = _beside(name, found["path"])
        number = self._add(path, (*above, name))
        for taken, _ in _pairs(found["names"] or ""):
            if taken not in self._given[path]:
                raise NotBundled(f"{name}: takes {taken} from {path}, which does not give it")
        return f"const {found['all'] or _destructured(found['names'])} = $m{number};"

    def _postponed(self, name: str, found: re.Match[str]) -> str:
        before = found.string[: found.start()].rpartition("\n")[2]
        if before.rfind("/**") > before.rfind("*/"):
            return found[0]  # a type, in a comment before code on its line
        path = _beside(name, found["path"])
        if path not in self._later:
            self._later.append(path)
        seen = posixpath.relpath(path, posixpath.dirname(self._part))
        return f'import("{seen if seen.startswith(".") else f"./{seen}"}")'


def _beside(name: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _numbered(modules: Iterable[int]) -> str:
    return ", ".join(f"$m{number}" for number in sorted(modules))


def _refuse_unknown(name: str, text: str) -> None:
    if any(line.count("`") % 2 for line in text.splitlines()):
        raise NotBundled(f"{name}: a text of several lines, in which a comment may be text")
    if left := LEFT.search(text):
        raise NotBundled(f"{name}: {left[0].strip()[:80]}")
