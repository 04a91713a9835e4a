// How long to wait before the next attempt: full jitter under a ceiling that doubles, so that a crowd comes back spread.

export const SHORTEST_MS = 500;
export const LONGEST_MS = 20_000;

/**
 * Milliseconds before attempt number `attempt` (0 for the first after a failure), between 0.5 and 20 s.
 * `random` gives numbers from 0 to below 1.
 */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, SHORTEST_MS * 2 ** Math.min(attempt + 1, 16));
  return Math.round(SHORTEST_MS + random() * (ceiling - SHORTEST_MS));
}
