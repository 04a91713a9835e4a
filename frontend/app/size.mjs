// Fails when the JavaScript before first use is over its budget: the entry, what it imports, and the larger language.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Kilobytes on the wire, in Brotli. */
const BUDGET_KB = 105;
const dist = new URL("dist/", import.meta.url).pathname;
const assets = join(dist, "assets");

const weight = (file) => {
  const compressed = join(assets, `${file}.br`);
  return statSync(existsSync(compressed) ? compressed : join(assets, file)).size / 1000;
};
const staticImports = /(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g;

const entry = readFileSync(join(dist, "index.html"), "utf8").match(/src="\/assets\/([\w.-]+\.js)"/)?.[1];
if (entry === undefined) throw new Error("dist/index.html names no script: run `npm run build` first");

const first = new Set([entry]);
const addImports = () => {
  for (const file of first)
    for (const [, name] of readFileSync(join(assets, file), "utf8").matchAll(staticImports)) first.add(name);
};
addImports();
const languages = readdirSync(assets).filter((file) => /^(?:english|spanish)-[\w-]+\.js$/.test(file));
const language = languages.sort((a, b) => weight(b) - weight(a))[0];
if (language === undefined) throw new Error("dist/assets has no language: is it another build?");
first.add(language);
addImports();

const total = [...first].reduce((sum, file) => sum + weight(file), 0);
for (const file of first) process.stdout.write(`${`${weight(file).toFixed(1).padStart(6)} KB  ${file}`}\n`);
process.stdout.write(
  `${`${total.toFixed(1).padStart(6)} KB of ${BUDGET_KB} KB (Brotli) before first use`}\n`,
);
if (total > BUDGET_KB) process.exit(1);
