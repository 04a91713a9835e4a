// Where the server is: every address that the page asks for or shows begins with it (rule B1).

/** The path below which browsers reach the server, without a slash at its end. The server writes it into the document. */
export const BASE = (
  document.querySelector<HTMLMetaElement>('meta[name="alcove-base"]')?.content ?? "/"
).slice(0, -1);

/** The address of the server, as a client takes it. */
export const SERVER = location.origin + BASE;

/** Return the name under which the browser keeps something: several servers may share an origin. */
export function keptName(name: string): string {
  return `alcove.${name}${BASE}`;
}
