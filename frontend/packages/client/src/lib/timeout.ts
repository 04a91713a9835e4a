// Limits the wait for work that may never answer: storage, locks, the host application.

export class TimeoutError extends Error {
  override name = "TimeoutError";
}

/**
 * Settle like `work`, or reject with TimeoutError after `ms`, or with the reason of `signal` when that aborts. What
 * `work` does later is ignored.
 */
export function withTimeout<T>(work: () => Promise<T>, ms: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new TimeoutError(`no answer within ${ms} ms`)), ms);
    const abort = () => {
      reject(signal?.reason);
      end();
    };
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    signal?.addEventListener("abort", abort);
    work().then(resolve, reject).finally(end);
  });
}
