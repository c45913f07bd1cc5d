"""The three tokenizers, each run on a text: one class of token for every character, line by line.

CodeMirror's runs in V8 with stand-ins for JupyterLab and CodeMirror; it is the file that browsers load, and it is taken
out of its container as JupyterLab does it. TextMate's runs in a small reader of such grammars.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from py_mini_racer import MiniRacer
from pygments.token import string_to_tokentype

from evroute_kernel.highlighting.classes import CLASSES
from evroute_kernel.highlighting.lexer import OpenSipsLexer

CLONE: Final = Path(__file__).parent.parent.parent
SCRIPT: Final = CLONE / "labextension" / "static" / "remoteEntry.js"
GRAMMAR: Final = CLONE / "editors" / "vscode" / "syntaxes" / "opensips.tmLanguage.json"

#: one class a character; blanks that are no part of a larger token are of the class "text"
Classes = list[str]


def pygments_classes(text: str) -> list[Classes]:
    """What Pygments makes of a text."""
    names = {string_to_tokentype(known.pygments): name for name, known in CLASSES.items()}
    lines: list[Classes] = [[]]
    for _, token, piece in OpenSipsLexer().get_tokens_unprocessed(text):
        for part in re.split(r"(\n)", piece):
            if part == "\n":
                lines.append([])
            else:
                lines[-1].extend([names.get(token, "text")] * len(part))
    return lines


# -- CodeMirror -------------------------------------------------------------------------------------------------------

_STAND_INS: Final = """
var window = {};
var styles = [];
var document = {
  head: {append: (style) => styles.push(style.textContent)},
  createElement: () => ({}),
  addEventListener: () => {},
};
var languages = [];
var played = {};
const copies = (module) => ({"1.0.0": {from: "@jupyterlab/application-top", get: async () => () => module}});
const scope = {
  "@jupyterlab/codemirror": copies({IEditorLanguageRegistry: "registry"}),
  "@codemirror/language": copies({
    StreamLanguage: {define: (parser) => ({parser})},
    LanguageSupport: class { constructor(language, support) { this.language = language; this.support = support; } },
    foldService: {of: (fold) => ({fold})},
    matchBrackets: () => played.match,
    syntaxTree: () => ({resolveInner: () => ({name: played.tag})}),
  }),
};
"""
_ACTIVATION: Final = """
var failure = null;
const container = window._JUPYTERLAB["evroute-kernel"];
container.init(scope);
container.get("./extension").then((make) => {
  const module = make();
  if (module.__esModule !== true) throw new Error("no module");
  module.default.activate({}, {addLanguage: (language) => languages.push(language)});
}).catch((error) => { failure = String(error); });
"""
_READING: Final = """
class Line {
  constructor(string) { this.string = string; this.pos = 0; }
  sol() { return this.pos === 0; }
  eol() { return this.pos >= this.string.length; }
  next() { return this.string[this.pos++]; }
  indentation() { return this.string.length - this.string.trimStart().length; }
}
const parserOf = () => languages[0].support.language.parser;
// one tag a character (not a half of one), null for none
const read = (text) => {
  const parser = parserOf();
  let state = parser.startState(4);
  return JSON.stringify(text.split("\\n").map((string) => {
    const line = new Line(string), tags = [];
    while (!line.eol()) {
      const start = line.pos;
      state = parser.copyState(state);
      const tag = parser.token(line, state) ?? null;
      if (line.pos <= start) throw new Error("no progress in " + string);
      for (const _ of string.slice(start, line.pos)) tags.push(tag);
    }
    return tags;
  }));
};
// where the line after a text begins that starts with `after`
const indentAfter = (text, after) => {
  const parser = parserOf();
  const state = parser.startState(4);
  for (const string of text.split("\\n")) {
    const line = new Line(string);
    while (!line.eol()) parser.token(line, state);
  }
  return parser.indent(state, after, {unit: 4});
};
"""


@cache
def browser() -> MiniRacer:
    """V8 with the extension loaded and activated."""
    engine = MiniRacer()
    for program in (_STAND_INS, SCRIPT.read_text(encoding="utf-8"), _ACTIVATION, _READING):
        engine.eval(program)
    failure = engine.eval("failure")
    assert failure is None, failure
    return engine


def codemirror_tags(text: str) -> list[list[str]]:
    """What the browser makes of a text: tags of CodeMirror, "" for none. A tag may serve several classes."""
    lines = json.loads(browser().call("read", text))
    return [[tag or "" for tag in line] for line in lines]


def tags(classes: list[Classes]) -> list[list[str]]:
    """The tags that CodeMirror should give to these classes."""
    return [[CLASSES[name].codemirror for name in line] for line in classes]


# -- TextMate ---------------------------------------------------------------------------------------------------------


def textmate_classes(text: str) -> list[Classes]:
    """What an editor makes of a text with the TextMate grammar."""
    return TextMate(json.loads(GRAMMAR.read_text(encoding="utf-8"))).read(text)


class TextMate:
    """Reads texts with a TextMate grammar, of which it knows what ours uses: match, begin, end, captures of all."""

    def __init__(self, grammar: dict[str, Any]) -> None:
        self.repository = grammar["repository"]
        self.names = {f"{known.textmate}.opensips": name for name, known in CLASSES.items()}
        self.stack: list[dict[str, Any]] = [{"patterns": grammar["patterns"]}]
        self.is_first = True

    def read(self, text: str) -> list[Classes]:
        lines = []
        for number, line in enumerate(text.split("\n")):
            self.is_first = not number
            lines.append(self.line(line + "\n"))
        return lines

    def line(self, text: str) -> Classes:
        classes = ["text"] * len(text)
        position = 0
        found: dict[str, re.Match[str] | None] = {}
        for _ in range(10 * len(text) + 100):
            rule, key, match = self.leftmost(text, position, found)
            if match is None:
                return classes[:-1]
            name = rule.get("name") or rule.get(f"{key}Captures", {}).get("0", {}).get("name")
            classes[match.start() : match.end()] = [self.names.get(name, "text")] * len(match[0])
            position = match.end()
            if key == "end":
                self.stack.pop()
            elif key == "begin":
                self.stack.append(rule)
        raise AssertionError(f"no end in {text!r}")

    def leftmost(self, text: str, position: int, found: dict[str, Any]) -> tuple[dict[str, Any], str, Any]:
        """The rule that matches first, and by what; the end of the innermost rule goes before the rules inside."""
        top = self.stack[-1]
        ends = [(top, "end")] if "end" in top else []
        best: tuple[dict[str, Any], str, Any] = (top, "", None)
        for rule, key in [*ends, *self.rules(top["patterns"])]:
            source = rule[key]
            if source.startswith(r"\A") and not self.is_first:
                continue
            known = found.get(source)
            if source not in found or (known is not None and known.start() < position):
                known = found[source] = pattern(source).search(text, position)
            if known is not None and (best[2] is None or known.start() < best[2].start()):
                best = (rule, key, known)
        return best

    def rules(self, patterns: list[dict[str, Any]]) -> list[tuple[dict[str, Any], str]]:
        """The rules with what begins each, those of other states in their places."""
        rules: list[tuple[dict[str, Any], str]] = []
        for rule in patterns:
            if "include" in rule:
                rules += self.rules(self.repository[rule["include"][1:]]["patterns"])
            else:
                rules.append((rule, "match" if "match" in rule else "begin"))
        return rules


@cache
def pattern(source: str) -> re.Pattern[str]:
    return re.compile(source)
