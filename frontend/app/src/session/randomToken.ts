/** Return a token that no other browser has; in open mode any text is one (rule A2). */
export function randomToken(): string {
  return `demo-${[...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
