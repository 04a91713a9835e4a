// Short notes that are stored synchronously, shared by the tabs of a browser: they survive a reload in the same moment.

/** No method throws: where the browser refuses storage, nothing is kept. */
export interface Notes {
  get(key: string): string | null;
  /** Store `text`; null removes the note. */
  set(key: string, text: string | null): void;
  keys(prefix: string): readonly string[];
}

/** Notes in `localStorage` or `sessionStorage`; even reading that property may throw. */
export class BrowserNotes implements Notes {
  readonly #storage: () => Storage;

  constructor(storage: () => Storage) {
    this.#storage = storage;
  }

  get(key: string): string | null {
    try {
      return this.#storage().getItem(key);
    } catch {
      return null; // SecurityError where storage is refused
    }
  }

  set(key: string, text: string | null): void {
    try {
      if (text === null) this.#storage().removeItem(key);
      else this.#storage().setItem(key, text);
    } catch {
      // Storage is forbidden or full: the page still has it in memory.
    }
  }

  keys(prefix: string): readonly string[] {
    try {
      return Object.keys(this.#storage()).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  }
}

/** Notes in memory. */
export class MemoryNotes implements Notes {
  readonly #notes = new Map<string, string>();

  get(key: string): string | null {
    return this.#notes.get(key) ?? null;
  }

  set(key: string, text: string | null): void {
    if (text === null) this.#notes.delete(key);
    else this.#notes.set(key, text);
  }

  keys(prefix: string): readonly string[] {
    return [...this.#notes.keys()].filter((key) => key.startsWith(prefix));
  }
}
