// The page's own sources, parsed, for tests that hold a rule over all of them.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseSync } from "vite";

/** Vitest runs in the frontend's folder. */
const ROOT = process.cwd();
const FOLDERS = [
  "app/src",
  "app/public",
  "packages/client/src",
  "packages/react/src",
  "packages/element/src",
];
const SOURCE = [".ts", ".tsx", ".js"];
const NOT_SHIPPED = [".test.ts", ".test.tsx", ".gen.ts", "testSetup.ts"];

export type Source = {
  /** Relative to the frontend's folder. */
  readonly file: string;
  readonly text: string;
  readonly program: ReturnType<typeof parseSync>["program"];
};

/** Every source file that becomes part of the page, and its syntax tree. */
export function sources(): Source[] {
  return FOLDERS.flatMap((folder) => filesIn(join(ROOT, folder)))
    .filter(
      (path) => SOURCE.some((end) => path.endsWith(end)) && !NOT_SHIPPED.some((end) => path.endsWith(end)),
    )
    .map((path) => {
      const text = readFileSync(path, "utf8");
      return { file: relative(ROOT, path), text, program: parseSync(path, text).program };
    });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}
