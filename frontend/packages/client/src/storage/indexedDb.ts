// Storage in IndexedDB, shared by all tabs of a browser.
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from "idb";
import {
  type KeptDraft,
  type KeptHistory,
  type MemberKey,
  ROOMS_KEPT,
  type RoomKey,
  type Storage,
} from "./storage";

/** The member's name that version 1 used for everybody with a login cookie. */
const ANYBODY = "session";

interface Schema extends DBSchema {
  outbox: { key: [string, string, string, string]; value: KeptDraft };
  logs: { key: [string, string, string]; value: KeptHistory; indexes: { at: number } };
}

type Version1 = "drafts" | "histories";
type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], "versionchange">;

export class IndexedDbStorage implements Storage {
  readonly durable = true;
  readonly #name: string;
  readonly #server: string;
  #open: Promise<IDBPDatabase<Schema>> | null = null;

  /** `server`: the server of the records of version 1, which knew one only. */
  constructor(name = "alcove", server: string = globalThis.location?.origin ?? "") {
    this.#name = name;
    this.#server = server;
  }

  watch(): () => void {
    return () => undefined;
  }

  async drafts({ server, item, member }: RoomKey): Promise<KeptDraft[]> {
    // Ids are UUIDv7: their order is the order of writing. An array sorts behind every string.
    const own = IDBKeyRange.bound([server, member, item], [server, member, item, []]);
    return (await this.#database()).getAll("outbox", own);
  }

  async putDraft(draft: KeptDraft): Promise<void> {
    await (await this.#database()).put("outbox", draft);
  }

  async removeDraft({ server, item, member }: RoomKey, id: string): Promise<void> {
    await (await this.#database()).delete("outbox", [server, member, item, id]);
  }

  async history({ server, item, member }: RoomKey): Promise<KeptHistory | undefined> {
    return (await this.#database()).get("logs", [server, member, item]);
  }

  async putHistory(history: KeptHistory): Promise<void> {
    const transaction = (await this.#database()).transaction("logs", "readwrite");
    await transaction.store.put(history);
    let surplus = (await transaction.store.count()) - ROOMS_KEPT;
    let oldest = surplus > 0 ? await transaction.store.index("at").openCursor() : null;
    for (; oldest !== null && surplus > 0; surplus -= 1) {
      await oldest.delete();
      oldest = await oldest.continue();
    }
    await transaction.done;
  }

  async forget({ server, member }: MemberKey, { drafts }: { readonly drafts: boolean }): Promise<void> {
    const own = IDBKeyRange.bound([server, member], [server, member, []]);
    const database = await this.#database();
    await database.delete("logs", own);
    if (drafts) await database.delete("outbox", own);
  }

  #database(): Promise<IDBPDatabase<Schema>> {
    this.#open ??= openDB<Schema>(this.#name, 2, {
      upgrade: (database, _old, _new, transaction) => this.#upgrade(database, transaction),
      // A page of a newer version waits until this one closes the database; it is opened again on demand.
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

  async #upgrade(database: IDBPDatabase<Schema>, transaction: Upgrade): Promise<void> {
    database.createObjectStore("outbox", { keyPath: ["server", "member", "item", "id"] });
    database.createObjectStore("logs", { keyPath: ["server", "member", "item"] }).createIndex("at", "at");
    const names: readonly string[] = [...database.objectStoreNames];
    if (!names.includes("drafts")) return;
    const [drafts, histories] = await Promise.all([
      readAll<KeptDraft>(transaction, "drafts"),
      readAll<KeptHistory>(transaction, "histories"),
    ]);
    const owners = new Map(
      histories.map(({ item, member, you, log }) => [`${member} ${item}`, { you, log }]),
    );
    for (const history of histories) {
      const member = ownerOf(history.member, history.you);
      if (member !== null)
        await transaction.objectStore("logs").put({ ...history, server: this.#server, member });
    }
    for (const draft of drafts) {
      const { you, log } = owners.get(`${draft.member} ${draft.item}`) ?? { you: null, log: null };
      const member = ownerOf(draft.member, you);
      if (member !== null)
        await transaction.objectStore("outbox").put({ ...draft, server: this.#server, member, you, log });
    }
    for (const name of ["drafts", "histories"] satisfies Version1[])
      (database as unknown as IDBPDatabase).deleteObjectStore(name);
  }
}

/** Return the member of a record of version 1; null where that is not known: then it must not be sent in any name. */
function ownerOf(member: string, you: string | null): string | null {
  if (member !== ANYBODY) return member;
  return you === null ? null : `sub:${you}`;
}

async function readAll<T>(transaction: Upgrade, name: Version1): Promise<T[]> {
  return (await (transaction as unknown as IDBPTransaction<unknown, string[], "versionchange">)
    .objectStore(name)
    .getAll()) as T[];
}
