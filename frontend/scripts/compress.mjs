// Leaves a Brotli and a gzip file beside each file of a build that gets smaller by it; the server sends them.
//   node scripts/compress.mjs folder
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Kinds of files that are not compressed already. */
const KINDS = new Set([".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".webmanifest"]);

const codings = {
  ".br": (content) =>
    brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
  ".gz": (content) => gzipSync(content, { level: 9, memLevel: 9 }),
};

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("expected a folder: node scripts/compress.mjs folder");

for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !KINDS.has(extname(entry.name))) continue;
  const file = join(entry.parentPath, entry.name);
  const content = readFileSync(file);
  for (const [suffix, compress] of Object.entries(codings)) {
    const compressed = compress(content);
    if (compressed.length < content.length) writeFileSync(file + suffix, compressed);
  }
}
