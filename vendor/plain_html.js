// Stands for @codemirror/lang-html: HTML inside of markdown is shown as text, which saves four grammars.
import { Language, LanguageSupport, defineLanguageFacet } from "@codemirror/language";
import { NodeType, Parser, Tree } from "@lezer/common";

class PlainText extends Parser {
  createParse(_input, _fragments, ranges) {
    const { to } = ranges[ranges.length - 1];
    const advance = () => new Tree(NodeType.none, [], [], to - ranges[0].from);
    return { parsedPos: to, stoppedAt: null, stopAt() {}, advance };
  }
}

const plain = new LanguageSupport(new Language(defineLanguageFacet(), new PlainText(), [], "html"));

export const html = () => plain;

export const htmlCompletionSource = () => null;
