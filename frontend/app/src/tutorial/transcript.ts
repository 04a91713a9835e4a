// The lines received, newest last, bounded: what falls off the top is counted, never hidden.

/** The most lines kept in memory. */
export const TRANSCRIPT_LINES = 1000;

/** `n`: 1 for the first line ever received here, then 2, 3 … */
export type Line = { readonly n: number; readonly text: string };

export type Transcript = readonly Line[];

export function withLine(lines: Transcript, text: string, limit: number = TRANSCRIPT_LINES): Transcript {
  const n = (lines.at(-1)?.n ?? 0) + 1;
  return [...lines.slice(Math.max(0, lines.length + 1 - limit)), { n, text }];
}
