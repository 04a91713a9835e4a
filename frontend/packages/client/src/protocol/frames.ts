// Reads and writes frames: one or more JSON objects, one a line (rule F1).
import type { Command, ServerLine } from "./wire.gen";

/** One line as it came, and its content; `said` is null for what is not a line of the protocol (rule F2). */
export type HeardLine = { readonly text: string; readonly said: ServerLine | null };

/** Return the lines of a frame, in order; blank ones and a trailing `\r` are ignored. */
export function readFrame(frame: string): HeardLine[] {
  return frame
    .split("\n")
    .filter((text) => text.trim() !== "")
    .map((text) => ({ text, said: readLine(text) }));
}

export function writeLine(command: Command): string {
  return JSON.stringify(command);
}

/** Return the size of a text on the wire, in bytes of UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();

function readLine(text: string): ServerLine | null {
  try {
    const said: unknown = JSON.parse(text);
    // The server's encoder guarantees the shape; a `type` of a newer server is ignored by every switch.
    if (typeof said === "object" && said !== null && "type" in said) return said as ServerLine;
  } catch {
    // Not JSON: null, and in the developer tools as it came.
  }
  return null;
}
