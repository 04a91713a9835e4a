// Builds the packages that others install, and checks what they would get.
//   node scripts/packages.mjs build|check|pack [name …]
//   node scripts/packages.mjs tarballs folder         pack all of them into a folder
//   node scripts/packages.mjs bundle name folder      for a page without a bundler, as the end to end tests have one
//   node scripts/packages.mjs script folder           embed.js: alcove-element as a script that a server offers
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { minifySync, build as viteBuild } from "vite";

/** What a package may add to a page: kilobytes of minified JavaScript, gzip, with its dependencies but not its peers. */
const BUDGETS_KB = { client: 20, react: 24, element: 4 };

const frontend = join(dirname(fileURLToPath(import.meta.url)), "..");
const folderOf = (name) => join(frontend, "packages", name);
const run = (command, args) =>
  execFileSync(join(frontend, "node_modules/.bin", command), args, { cwd: frontend, stdio: "inherit" });

/** Options of Vite that build a package; `external`: imports that stay imports. */
function optionsOf(name, external, more) {
  const root = folderOf(name);
  return {
    configFile: false,
    root,
    logLevel: "warn",
    build: {
      lib: { entry: entriesOf(name), formats: ["es"], cssFileName: "styles" },
      outDir: "dist",
      emptyOutDir: true,
      target: "es2022",
      rolldownOptions: {
        external: (id) => external.some((one) => id === one || id.startsWith(`${one}/`)),
        // Components are rendered on the client, also where a framework has React Server Components.
        output: { chunkFileNames: "[name].js", banner: name === "react" ? '"use client";' : "" },
        onLog: (level, log, report) => log.code !== "MODULE_LEVEL_DIRECTIVE" && report(level, log),
      },
      ...more,
    },
  };
}

/** The source of each export that has types. */
function entriesOf(name) {
  const exported = Object.values(manifestOf(name).exports ?? {}).filter((one) => typeof one === "object");
  return Object.fromEntries(
    exported.map(({ default: file }) => {
      const entry = file.replace("./dist/", "").replace(/\.js$/, "");
      return [entry, join(folderOf(name), `src/${entry}.ts`)];
    }),
  );
}

async function buildPackage(name) {
  const { dependencies = {}, peerDependencies = {} } = manifestOf(name);
  const external = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  await viteBuild(optionsOf(name, external, { sourcemap: true, minify: false }));
  const types = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly"];
  run("tsc", [
    "-p",
    join(folderOf(name), "tsconfig.build.json"),
    ...types,
    "--outDir",
    join(folderOf(name), "dist"),
  ]);
  for (const file of declarationsIn(join(folderOf(name), "dist"))) addExtensions(file);
}

/**
 * Node resolves relative imports only with their extension; the sources, which Vite resolves, have none. Styles are not
 * imported by what is built: they are a file that the application imports.
 */
function addExtensions(file) {
  const text = readFileSync(file, "utf8").replaceAll(/import "[^"]+\.css";\n/g, "");
  writeFileSync(file, text.replaceAll(/((?:from|import\() ?")(\.{1,2}\/[^"]+?)(?:\.js)?"/g, '$1$2.js"'));
}

function declarationsIn(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => join(folder, file));
}

/** Build a package with its dependencies, but without its peers, as a page would; `more`: options of the build. */
async function buildForPage(name, more) {
  const options = optionsOf(name, Object.keys(manifestOf(name).peerDependencies ?? {}), more);
  // Vite does not minify libraries in full.
  const { lib, rolldownOptions, ...rest } = options.build;
  const page = { input: lib.entry, preserveEntrySignatures: "strict" };
  const output = { entryFileNames: "[name].js", chunkFileNames: "[name].js" };
  const build = { ...rest, rolldownOptions: { ...rolldownOptions, ...page, output } };
  return [await viteBuild({ ...options, build })].flat().flatMap((built) => built.output ?? []);
}

/** Build `embed.js` into a folder: one classic script, which knows by its own address where the server is. */
async function buildScript(folder) {
  const lib = { entry: join(folderOf("element"), "src/embed.ts"), formats: ["iife"], name: "alcoveElement" };
  const output = { entryFileNames: "embed.js", minify: true };
  await viteBuild(
    optionsOf("element", [], {
      lib,
      outDir: resolve(folder),
      emptyOutDir: false,
      rolldownOptions: { output },
    }),
  );
}

/**
 * Kilobytes that a page loads for the package at first, without what is loaded on demand. Built as a library, because
 * Vite adds its own loader of modules to a page; Vite does not minify libraries in full.
 */
async function weigh(name) {
  const { peerDependencies = {} } = manifestOf(name);
  const options = optionsOf(name, Object.keys(peerDependencies), { write: false, minify: false });
  const files = [await viteBuild(options)].flat().flatMap((built) => built.output ?? []);
  const chunks = new Map(files.map((file) => [file.fileName, file]));
  const first = new Set(files.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of first) for (const one of chunks.get(name)?.imports ?? []) first.add(one);
  const minified = [...first].flatMap((name) => {
    const code = chunks.get(name)?.code;
    return code === undefined ? [] : [minifySync(name, code, { module: true }).code];
  });
  return minified.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).length, 0) / 1000;
}

function manifestOf(name) {
  return JSON.parse(readFileSync(join(folderOf(name), "package.json"), "utf8"));
}

async function check(name) {
  await buildPackage(name);
  run("publint", [folderOf(name), "--strict"]);
  const attw = ["--pack", folderOf(name), "--profile", "esm-only", "--format", "ascii", "--quiet"];
  // A style sheet has no types.
  run("attw", [...attw, "--exclude-entrypoints", "./styles.css"]);
  const kilobytes = await weigh(name);
  process.stdout.write(
    `${kilobytes.toFixed(1).padStart(6)} KB of ${BUDGETS_KB[name]} KB gzip: alcove-${name}\n`,
  );
  if (kilobytes > BUDGETS_KB[name]) throw new Error(`alcove-${name} is over its budget`);
}

async function pack(name, folder = frontend) {
  await buildPackage(name);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: folderOf(name),
    stdio: "inherit",
  });
}

const [command, ...names] = process.argv.slice(2);
if (command === "bundle") {
  const [name, folder] = names;
  await buildForPage(name, { outDir: folder, emptyOutDir: true });
} else if (command === "script") {
  await buildScript(names[0]);
} else if (command === "tarballs") {
  for (const name of Object.keys(BUDGETS_KB)) await pack(name, resolve(names[0]));
} else {
  const work = { build: buildPackage, check, pack }[command];
  if (work === undefined) throw new Error("expected build, check, pack, tarballs, bundle or script");
  for (const name of names.length > 0 ? names : Object.keys(BUDGETS_KB)) await work(name);
}
