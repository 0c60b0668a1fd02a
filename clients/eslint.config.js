import js from "@eslint/js";
import a11y from "eslint-plugin-jsx-a11y";
import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import ts from "typescript-eslint";

// No rule that needs types: the compiler, in its strictest form, has looked at those, and a second look takes a
// minute of every check.
export default defineConfig([
  globalIgnores(["**/dist/", "python/", "typescript/src/openapi.ts"]),
  js.configs.recommended,
  { files: ["**/*.{ts,tsx}"], extends: [ts.configs.strict, ts.configs.stylistic] },
  { files: ["**/*.mjs"], languageOptions: { globals: { console: false, process: false, URL: false } } },
  {
    files: ["web/src/**/*.{ts,tsx}"],
    extends: [a11y.flatConfigs.strict, hooks.configs.flat["recommended-latest"]],
  },
]);
