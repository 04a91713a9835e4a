// Names for members who have not said theirs, in open mode.

const adjectives = ["Quiet", "Brave", "Gentle", "Bright", "Swift", "Calm", "Merry", "Clever"];
const animals = ["Heron", "Otter", "Falcon", "Badger", "Robin", "Lynx", "Marten", "Swallow"];

/** Return a name such as `Quiet Heron`. */
export function inventName(): string {
  return nameFrom(Math.floor(Math.random() * adjectives.length * animals.length));
}

/** Return the name that belongs to a token: the same one at every visit. */
export function nameForToken(token: string): string {
  let sum = 0;
  for (const character of token) sum = (sum * 31 + character.charCodeAt(0)) % 65_521;
  return nameFrom(sum);
}

function nameFrom(number: number): string {
  const adjective = adjectives[number % adjectives.length] ?? "";
  const animal = animals[Math.floor(number / adjectives.length) % animals.length] ?? "";
  return `${adjective} ${animal}`;
}
