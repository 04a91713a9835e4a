// Fails when the JavaScript before first use is over its budget: the entry, what it imports, and the larger language; and
// when parts of the framed room that are loaded later need another file than those.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Kilobytes on the wire: of the page, of the room that <alcove-room> frames, and of the script that defines it. */
const BUDGETS = [
  { document: "index.html", coding: "br", budget: 105, language: /^(?:english|spanish)-[\w-]+\.js$/ },
  { document: "index.html", coding: "gz", budget: 120, language: /^(?:english|spanish)-[\w-]+\.js$/ },
  { document: "embed.html", coding: "gz", budget: 95, language: /^es-[\w-]+\.js$/ },
  { document: "embed.js", coding: "gz", budget: 6 },
];
const dist = fileURLToPath(new URL("dist/", import.meta.url));
const assets = join(dist, "assets");

const staticImports = /(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g;

const dynamicImports = /import\(\s*["'`]\.\/([\w.-]+\.js)["'`]/g;

/** Add to `files` what they import. */
function addImports(files) {
  for (const file of files)
    for (const [, name] of readFileSync(join(assets, file), "utf8").matchAll(staticImports)) files.add(name);
}

/** The files that a browser loads for a document before its first use. */
function firstFiles({ document, coding, language }) {
  if (language === undefined) return [join(dist, document)];
  const scripts = readFileSync(join(dist, document), "utf8").matchAll(/src="\/assets\/([\w.-]+\.js)"/g);
  const files = new Set([...scripts].map(([, name]) => name));
  if (files.size === 0) throw new Error(`dist/${document} names no script: run \`npm run build\` first`);
  addImports(files);
  const size = (file) => weight(join(assets, file), coding);
  const [largest] = readdirSync(assets)
    .filter((file) => language.test(file))
    .sort((a, b) => size(b) - size(a));
  if (largest === undefined) throw new Error("dist/assets has no language: is it another build?");
  files.add(largest);
  addImports(files);
  return [...files].map((file) => join(assets, file));
}

/** Kilobytes of a file; the build compresses no file that would not get smaller. */
function weight(file, coding) {
  const compressed = statSync(`${file}.${coding}`, { throwIfNoEntry: false });
  return (compressed ?? statSync(file)).size / 1000;
}

for (const line of BUDGETS) {
  const { document, coding, budget } = line;
  const total = firstFiles(line).reduce((sum, file) => sum + weight(file, coding), 0);
  const what = `${document} before first use (${coding === "br" ? "Brotli" : "gzip"})`;
  process.stdout.write(`${total.toFixed(1).padStart(6)} KB of ${budget} KB: ${what}\n`);
  if (total > budget) process.exitCode = 1;
}

const framed = BUDGETS.find(({ document }) => document === "embed.html");
const first = new Set(firstFiles(framed).map((file) => basename(file)));
// A browser requests a part again that could not be loaded, but not the files that the part imports.
for (const file of first)
  for (const [, part] of readFileSync(join(assets, file), "utf8").matchAll(dynamicImports)) {
    const needed = new Set([part]);
    addImports(needed);
    for (const name of needed)
      if (name !== part && !first.has(name)) {
        process.stderr.write(`${name}: imported by ${part}, expected in ${[...first].join(" or ")}\n`);
        process.exitCode = 1;
      }
  }
