// Lines in, lines out: one frame holds one or more JSON objects, one a line (rule F1).
import type { Command, ServerLine } from "./wire.gen";

/** One line as it came, and what it says; `said` is null where it is no line of the protocol (rule F2). */
export type HeardLine = { readonly text: string; readonly said: ServerLine | null };

/** The lines of a frame, in order; blank ones and a trailing `\r` do not count. */
export function readFrame(frame: string): HeardLine[] {
  return frame
    .split("\n")
    .filter((text) => text.trim() !== "")
    .map((text) => ({ text, said: readLine(text) }));
}

export function writeLine(command: Command): string {
  return JSON.stringify(command);
}

/** Size on the wire, in bytes of UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

const encoder = new TextEncoder();

function readLine(text: string): ServerLine | null {
  try {
    const said: unknown = JSON.parse(text);
    // The server's own encoder made the rest of the shape; a `type` of a newer server falls through every switch.
    if (typeof said === "object" && said !== null && "type" in said) return said as ServerLine;
  } catch {
    // Not JSON: told as null, and shown in the wire log as it came.
  }
  return null;
}
