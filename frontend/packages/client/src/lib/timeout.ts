// Bounds work on what may never answer: storage, locks, the page around this one.

export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/** Settles like `work`, or rejects with TimeoutError after `ms`; what `work` does later is ignored. */
export function withTimeout<T>(work: () => Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError(`no answer within ${ms} ms`)), ms);
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
