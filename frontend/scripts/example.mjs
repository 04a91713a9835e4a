// Installs and builds an example of backend/examples as another project would: this project's packages from what
// `npm pack` makes of them, everything else as it stands in node_modules, without a network.
//   node scripts/example.mjs react18 folder tarballs      tarballs: what `packages.mjs pack` has put there
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const frontend = join(dirname(fileURLToPath(import.meta.url)), "..");
const readManifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
/** The major versions of a range such as `^3.0.0 || ^4.0.0`. */
const majorsOf = (range) => range.split("||").map((part) => /\d+/.exec(part)?.[0]);

/** The folder of a package with the major version of `range`, as a file in `from` would find it, or anywhere. */
function installed(name, range, from) {
  const places = [];
  for (let folder = from; folder.startsWith(frontend); folder = dirname(folder))
    places.push(join(folder, "node_modules"));
  places.push(join(frontend, "node_modules"), join(frontend, "tests/react18/node_modules"));
  const found = places
    .map((place) => join(place, name))
    .find((place) => existsSync(place) && majorsOf(range).includes(majorsOf(readManifest(place).version)[0]));
  if (found === undefined)
    throw new Error(`${name} ${range} is not installed: run \`npm ci\` in frontend/ first`);
  return found;
}

/** Add where the dependencies of a package are, and theirs. */
function addDependencies(specs, manifest, from, tarballs) {
  for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
    if (name in specs) continue;
    const ours = name.startsWith("alcove-");
    const folder = ours
      ? join(frontend, "packages", name.slice("alcove-".length))
      : installed(name, range, from);
    const tarball = readdirSync(tarballs).find((file) => file.startsWith(`${name}-`));
    specs[name] = `file:${ours ? join(tarballs, tarball) : folder}`;
    addDependencies(specs, readManifest(folder), folder, tarballs);
  }
  return specs;
}

const [name, target, packed] = process.argv.slice(2);
const folder = resolve(target);
cpSync(join(frontend, "../backend/examples", name), folder, { recursive: true });
const manifest = readManifest(folder);
const dependencies = addDependencies({}, manifest, frontend, resolve(packed));
writeFileSync(
  join(folder, "package.json"),
  JSON.stringify({ ...manifest, dependencies, devDependencies: {} }),
);
const options = [
  "--offline",
  "--install-links",
  "--ignore-scripts",
  "--no-package-lock",
  "--no-audit",
  "--no-fund",
];
execFileSync("npm", ["install", "--silent", ...options], { cwd: folder, stdio: "inherit" });
await build({ root: folder, logLevel: "error", mode: process.env.NODE_ENV ?? "production" });
