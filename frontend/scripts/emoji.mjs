// Writes the emoji that the picker of alcove-react offers, in each of its languages.
//   node scripts/emoji.mjs folder        where emojibase-data is unpacked; it is not installed, as it weighs 49 MB
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LANGUAGES = ["en", "es"];
/** The newest version of Unicode's emoji that browsers of the last years can draw. */
const NEWEST = 15;
/** The group of skin tones and hair, which are no emoji of their own. */
const COMPONENT = 2;

const target = join(dirname(fileURLToPath(import.meta.url)), "../packages/react/src/emoji");
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("expected the folder of emojibase-data");
const read = (file) => JSON.parse(readFileSync(join(folder, file), "utf8"));

/** `😀grinning face;cheerful;happy`: what it is called, and other words that find it. */
function line({ emoji, label, tags = [] }) {
  const words = tags.filter((tag) => !label.includes(tag) && !/[|;]/.test(tag));
  return [`${emoji} ${label}`, ...words].join(";");
}

for (const language of LANGUAGES) {
  const all = read(`${language}/data.json`)
    .filter(({ group, version }) => group !== undefined && group !== COMPONENT && version <= NEWEST)
    .sort((a, b) => a.order - b.order);
  const groups = read(`${language}/messages.json`).groups.filter(({ order }) => order !== COMPONENT);
  const lines = groups.map(({ message, order }) => {
    const name = message.charAt(0).toUpperCase() + message.slice(1);
    const emoji = all.filter(({ group }) => group === order).map(line);
    return `  [${JSON.stringify(name)}, ${JSON.stringify(emoji.join("|"))}],\n`;
  });
  writeFileSync(
    join(target, `${language}.gen.ts`),
    `// Written by scripts/emoji.mjs from emojibase-data ${read("package.json").version}, MIT License, Copyright (c) Miles Johnson; the license\n` +
      "// is in LICENSE-emojibase. Each group has its name and its emoji: `emoji name;word;word|…`.\n" +
      `const groups: readonly (readonly [string, string])[] = [\n${lines.join("")}];\n\nexport default groups;\n`,
  );
}
