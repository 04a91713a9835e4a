// Compares what a computation costs at two sizes, so that a test sees work that grows with the square of its input.

/** Less than this is noise of the machine, in microseconds of processor time. */
const NOISE_US = 4000;
const ROUNDS = 3;
/** A ratio at or above this is measured again: garbage collection and compilation count, and only ever add. */
const SUSPICIOUS = 6;
const MEASUREMENTS = 4;

/**
 * How many times as much processor time `run(4 * n)` takes as `run(n)`: about 4 for linear work, 16 for quadratic work.
 * Times below the noise count as the noise. Processor time, not time on the clock: a busy machine changes little.
 */
export function workRatio(run: (n: number) => unknown, n: number): number {
  const cost = (size: number) => Math.min(...Array.from({ length: ROUNDS }, () => costOf(() => run(size))));
  let lowest = Number.POSITIVE_INFINITY;
  for (let measured = 0; measured < MEASUREMENTS && lowest >= SUSPICIOUS; measured += 1) {
    const small = Math.max(NOISE_US, cost(n));
    lowest = Math.min(lowest, Math.max(NOISE_US, cost(4 * n)) / small);
  }
  return lowest;
}

function costOf(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
