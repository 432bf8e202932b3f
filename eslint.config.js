// What the type checker does not see: names that a folder's environment lacks, imports across the table of
// docs/architecture.md, and house numbers.
import globals from "globals";

const forbid = (...groups) => ["error", { patterns: groups.map(([group, message]) => ({ group, message })) }];
const ONLY_SESSION = [["onnxruntime-web", "**/ort/**"], "only worker/session.js imports onnxruntime-web"];
const ONLY_PYTHON = [["pyodide", "**/pyodide/**"], "only worker/python.js imports Pyodide"];
const SHARED = ["AbortController", "Blob", "CompressionStream", "console", "crypto", "DecompressionStream", "DOMException",
  "ReadableStream", "Response", "TextDecoder", "TextEncoder", "TransformStream", "URL", "WebAssembly", "WritableStream", "clearTimeout", "setTimeout",
  "structuredClone"];
const sharedGlobals = Object.fromEntries(SHARED.map((name) => [name, "readonly"]));

const houseRules = {
  "no-undef": "error",
  "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
  "prefer-const": "error",
  "no-var": "error",
  eqeqeq: ["error", "always", { null: "ignore" }],
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-console": "error",
  complexity: ["error", 12],
  "max-lines": ["error", { max: 500 }],
  "max-lines-per-function": ["error", { max: 60, skipComments: true, skipBlankLines: true }],
  "max-params": ["error", 5],
  "max-len": ["error", { code: 140, ignoreUrls: true }],
};

export default [
  { ignores: ["node_modules/", "dist/", ".venv/", ".cache/", ".cache/docs/"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["site/src/shared/**/*.js"],
    languageOptions: { globals: { ...globals.es2024, ...sharedGlobals } },
    rules: {
      ...houseRules,
      "no-restricted-imports": forbid(ONLY_SESSION, ONLY_PYTHON, [["**/page/**", "**/worker/**"], "shared imports itself only"]),
    },
  },
  {
    files: ["site/src/page/**/*.js", "site/src/*.js"],
    languageOptions: { globals: { ...globals.es2024, ...globals.browser } },
    rules: { ...houseRules, "no-restricted-imports": forbid(ONLY_SESSION, ONLY_PYTHON, [["**/worker/**"], "the page talks to the worker by messages"]) },
  },
  { files: ["site/src/sw.js"], languageOptions: { globals: globals.serviceworker } },
  {
    files: ["site/src/worker/**/*.js"],
    languageOptions: { globals: { ...globals.es2024, ...globals.worker } },
    rules: { ...houseRules, "no-restricted-imports": forbid(ONLY_SESSION, ONLY_PYTHON, [["**/page/**"], "the worker knows no page"]) },
  },
  {
    files: ["tests/**/*.{js,mjs}"],
    languageOptions: { globals: { ...globals.es2024, ...globals.node } },
    rules: { ...houseRules, "max-lines-per-function": "off", "max-len": "off" },
  },
  { files: ["eslint.config.js"], languageOptions: { globals: globals.es2024 }, rules: { "no-undef": "error" } },
];
