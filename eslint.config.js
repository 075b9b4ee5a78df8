// Lint rules of the browser code, and the order of its folders: `npm run lint`.
import js from "@eslint/js";
import globals from "globals";

const CONSOLE = "agent_console/static/js";
const EXCHANGE = "hotline/exchange/static";

/** Returns the rule that forbids imports of `groups`, with the reason. */
function mayNotImport(...groups) {
  return { "no-restricted-imports": ["error", { patterns: groups.map(([group, message]) => ({ group: [group], message })) }] };
}

const noExchange = ["**/hotline/**", "Only the exchange's driver (desk/phone/exchange.js) imports the carrier simulator."];
const noDesk = ["./desk/**", "What every page shares imports nothing of the desk."];
const noDeskParts = ["../*.js", "The telephone imports nothing of the desk around it."];

export default [
  { ignores: ["**/dist/**", "node_modules/**", ".venv/**", "var/**", "build/**"] },
  js.configs.recommended,
  {
    files: [`${CONSOLE}/**/*.js`, `${EXCHANGE}/**/*.js`, "tests/browser/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
  },
  { files: ["**/*.mjs", "eslint.config.js"], languageOptions: { globals: globals.node } },
  { files: [`${EXCHANGE}/tape.js`], languageOptions: { globals: globals.audioWorklet } },
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-shadow": "error",
      "no-self-compare": "error",
      "no-unmodified-loop-condition": "error",
      "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "array-callback-return": "error",
      "consistent-return": "error",
      "require-atomic-updates": "error",
    },
  },
  { files: [`${CONSOLE}/*.js`], rules: mayNotImport(noExchange, noDesk) },
  { files: [`${CONSOLE}/desk/**/*.js`], rules: mayNotImport(noExchange) },
  { files: [`${CONSOLE}/desk/phone/*.js`], rules: mayNotImport(noExchange, noDeskParts) },
  { files: [`${CONSOLE}/desk/phone/exchange.js`], rules: mayNotImport(noDeskParts) },
  { files: [`${EXCHANGE}/*.js`], rules: mayNotImport(["../**", "The carrier simulator imports nothing of ours."]) },
];
