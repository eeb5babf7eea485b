// The self-contained export joins the modules into one script: this holds only if they keep to its rules.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

const folder = new URL("../../playground/frontend/", import.meta.url);
const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".js") && !name.startsWith("vendor"));
const sources = new Map(names.map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));

test("imports stand on one line each, in the one form that the export strips", () => {
  for (const [name, source] of sources) {
    for (const line of source.split("\n").filter((text) => text.startsWith("import"))) {
      assert.match(line, /^import \{ [\w, ]+ \} from "\.\.?\/[\w/.]+\.js";$/, `${name}: ${line}`);
    }
  }
});

test("exports are named; the entries alone have a default, a mounted part", () => {
  for (const [name, source] of sources) {
    for (const line of source.split("\n").filter((text) => text.startsWith("export"))) {
      if (line.startsWith("export default"))
        assert.match(name + line, /^(stepper\/stepper|layers\/layers|train\/train|functions\/functions|pictures\/pictures)\.jsexport default mounting\(/);
      else assert.match(line, /^export (async )?(function|const|let) \w+/, `${name}: ${line}`);
    }
  }
});

test("top-level names are unique across the modules", () => {
  const owner = new Map();
  for (const [name, source] of sources) {
    for (const [, declared] of source.matchAll(/^(?:export )?(?:default )?(?:async )?(?:function|const|let|class) (\w+)/gm)) {
      assert.ok(!owner.has(declared), `${declared} in ${name} and in ${owner.get(declared)}`);
      owner.set(declared, name);
    }
  }
});

test("no module is long, none writes markup", () => {
  for (const [name, source] of sources) {
    const isData = source.includes("Written from playground/");
    assert.ok(isData || source.split("\n").length <= 350, name);
    assert.ok(source.startsWith("// @ts-check"), name);
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/, name);
  }
});

test("no template runs over lines: the export drops indentation and lines that are comments", () => {
  for (const [name, source] of sources) {
    for (const line of source.split("\n")) assert.equal(line.replaceAll("[^`]", "").split("`").length % 2, 1, `${name}: ${line}`);
  }
});
