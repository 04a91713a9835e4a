// The wait before the next attempt: full jitter under a ceiling that doubles, so that many clients do not return at
// once.

export const SHORTEST_MS = 500;
export const LONGEST_MS = 20_000;

/**
 * Return milliseconds before attempt number `attempt` (0 for the first after a failure), between 500 and 20,000.
 * `random` returns numbers from 0 to below 1.
 */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(attempt + 1, 16));
  return Math.round(SHORTEST_MS + random() * (ceiling - SHORTEST_MS));
}
