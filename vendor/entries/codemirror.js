export { basicSetup, minimalSetup } from "codemirror";
export { Annotation, Compartment, EditorState, StateEffect, StateField } from "@codemirror/state";
export { Decoration, EditorView, WidgetType, gutter, keymap, lineNumbers } from "@codemirror/view";
export { indentWithTab } from "@codemirror/commands";
export { json } from "@codemirror/lang-json";
export { markdown, markdownLanguage } from "@codemirror/lang-markdown";
export { MergeView, getChunks, goToNextChunk, goToPreviousChunk, unifiedMergeView } from "@codemirror/merge";
export { theme } from "../codemirror_theme.js";
