// Short notes that are kept at once, shared by the tabs of a browser: what must survive a reload in the same moment.

/** Nothing here throws: a browser that refuses keeps nothing. */
export interface Notes {
  get(key: string): string | null;
  /** Keeps `text`, or removes the note (null). */
  set(key: string, text: string | null): void;
  keys(prefix: string): readonly string[];
}

/** Notes in `localStorage` or `sessionStorage`; asking for them may throw already. */
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
      // Refused or full: the page still has what it says.
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

/** Notes that last as long as the page, or as the tests' browser. */
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
