// Loads code outside of a component; where that fails, the page offers a reload.

let failed = false;
const listeners = new Set<() => void>();

function become(now: boolean): void {
  failed = now;
  for (const listener of listeners) listener();
}

/** Run `load`. Resolves to null where it fails; the page then says that a part is missing. */
export async function loadPart<T>(load: () => Promise<T>): Promise<T | null> {
  try {
    return await load();
  } catch {
    become(true);
    return null;
  }
}

/** Whether something could not be loaded since the reader was last told. */
export function partIsMissing(): boolean {
  return failed;
}

/** Call `listener` on every change; return a function that ends this. */
export function onMissingPart(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The reader has been told. */
export function closeMissingPart(): void {
  become(false);
}
