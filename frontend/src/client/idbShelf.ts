// The shelf in IndexedDB, shared by all tabs of the browser.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { KeptDraft, KeptHistory, RoomKey, Shelf } from "./shelf";

/** The rooms whose history is kept, at most; the ones longest unseen go first. */
export const ROOMS_KEPT = 50;

interface Schema extends DBSchema {
  drafts: { key: [string, string, string]; value: KeptDraft };
  histories: { key: [string, string]; value: KeptHistory; indexes: { at: number } };
}

export class IdbShelf implements Shelf {
  readonly #name: string;
  #open: Promise<IDBPDatabase<Schema>> | null = null;

  constructor(name = "alcove") {
    this.#name = name;
  }

  async drafts({ item, member }: RoomKey): Promise<KeptDraft[]> {
    // Ids are UUIDv7: their order is the order of writing. An array sorts behind every string.
    const own = IDBKeyRange.bound([item, member], [item, member, []]);
    return (await this.#database()).getAll("drafts", own);
  }

  async putDraft(draft: KeptDraft): Promise<void> {
    await (await this.#database()).put("drafts", draft);
  }

  async removeDraft({ item, member }: RoomKey, id: string): Promise<void> {
    await (await this.#database()).delete("drafts", [item, member, id]);
  }

  async history({ item, member }: RoomKey): Promise<KeptHistory | undefined> {
    return (await this.#database()).get("histories", [item, member]);
  }

  async putHistory(history: KeptHistory): Promise<void> {
    const transaction = (await this.#database()).transaction("histories", "readwrite");
    await transaction.store.put(history);
    let surplus = (await transaction.store.count()) - ROOMS_KEPT;
    let oldest = surplus > 0 ? await transaction.store.index("at").openCursor() : null;
    for (; oldest !== null && surplus > 0; surplus -= 1) {
      await oldest.delete();
      oldest = await oldest.continue();
    }
    await transaction.done;
  }

  #database(): Promise<IDBPDatabase<Schema>> {
    this.#open ??= openDB<Schema>(this.#name, 1, {
      upgrade(database) {
        database.createObjectStore("drafts", { keyPath: ["item", "member", "id"] });
        database.createObjectStore("histories", { keyPath: ["item", "member"] }).createIndex("at", "at");
      },
      // A page of a newer version waits for this one to let go, and this one opens again on demand.
      blocking: (_current, _blocked, event) => {
        (event.target as IDBDatabase).close();
        this.#open = null;
      },
      terminated: () => {
        this.#open = null;
      },
    }).catch((error: unknown) => {
      this.#open = null;
      throw error;
    });
    return this.#open;
  }
}
