// The list of rooms: what an application sees of it, and how it changes.
import type { ItemSummary } from "../protocol/wire.gen";

/** One room of the list: its last entry, and how many messages of others the member has not read. */
export type RoomSummary = ItemSummary;

export type RoomListState = {
  /**
   * `loading`: nothing is known yet; `stale`: what is known may be outdated, and is updated when that is possible.
   */
  readonly status: "idle" | "loading" | "live" | "stale";
  /** The rooms that the member may read, the latest first. */
  readonly rooms: readonly RoomSummary[];
  /** Whether the server has older ones than these. */
  readonly hasMore: boolean;
  /** Unread messages by item: of the rooms above, and of those that `watchUnread` names. */
  readonly unread: ReadonlyMap<string, number>;
};

/** Rooms that a snapshot of the server holds, and a page of older ones. */
export const LIST_PAGE = 100;
/** Rooms held in memory; older ones are dropped. */
const ROOMS_HELD = 1000;

export class RoomListModel {
  #rooms: readonly RoomSummary[] = [];
  #hasMore = false;
  #unread: ReadonlyMap<string, number> = new Map();
  #watched: ReadonlyMap<string, number> = new Map();
  #snapshot: RoomSummary[] | null = null;

  get rooms(): readonly RoomSummary[] {
    return this.#rooms;
  }

  get hasMore(): boolean {
    return this.#hasMore;
  }

  get unread(): ReadonlyMap<string, number> {
    return this.#unread;
  }

  /** A stream begins: its lines are a snapshot until `ready`. */
  begin(): void {
    this.#snapshot = [];
  }

  /** Take a room that has changed, or one of a snapshot. */
  take(room: RoomSummary): void {
    if (this.#snapshot !== null) this.#snapshot.push(room);
    else this.#change(room);
  }

  /** The snapshot is complete: return the rooms that it leaves. */
  ready(): void {
    const snapshot = this.#snapshot;
    if (snapshot === null) return;
    this.#snapshot = null;
    const complete = snapshot.length < LIST_PAGE;
    const listed = new Set(snapshot.map(({ item }) => item));
    const last = snapshot.at(-1);
    const end = last === undefined ? 0 : writtenAt(last);
    // Rooms that were loaded as older ones stay; a newer one that is not in the snapshot was removed.
    const older = this.#rooms.filter((room) => !listed.has(room.item) && writtenAt(room) < end);
    this.replace(
      [...snapshot, ...(complete ? [] : older)],
      complete ? false : this.#hasMore || older.length === 0,
    );
  }

  replace(rooms: readonly RoomSummary[], hasMore: boolean): void {
    this.#hasMore = hasMore || rooms.length > ROOMS_HELD;
    this.#become(rooms.slice(0, ROOMS_HELD));
  }

  /** Add a page of older rooms; `limit`: how many were requested. */
  append(page: readonly RoomSummary[], limit: number): void {
    const known = new Set(this.#rooms.map(({ item }) => item));
    this.replace([...this.#rooms, ...page.filter(({ item }) => !known.has(item))], page.length >= limit);
  }

  /** Unread messages of items that may be outside of the list. */
  count(counts: Iterable<readonly [string, number]>): void {
    this.#watched = new Map([...this.#watched, ...counts]);
    this.#become(this.#rooms);
  }

  forgetCounts(items: Iterable<string>): void {
    const watched = new Map(this.#watched);
    for (const item of items) watched.delete(item);
    this.#watched = watched;
    this.#become(this.#rooms);
  }

  clear(): void {
    this.#snapshot = null;
    this.#watched = new Map();
    this.replace([], false);
  }

  #change(room: RoomSummary): void {
    const index = this.#rooms.findIndex(({ item }) => item === room.item);
    const known = this.#rooms[index];
    if (room.head === 0) {
      // The room was deleted.
      this.replace(
        this.#rooms.filter(({ item }) => item !== room.item),
        this.#hasMore,
      );
      return;
    }
    if (this.#watched.has(room.item)) this.#watched = new Map([...this.#watched, [room.item, room.unread]]);
    if (known !== undefined && known.head > room.head) return;
    // A read mark changes the count only; a new entry moves the room.
    if (known?.head === room.head) this.#become(this.#rooms.map((one) => (one === known ? room : one)));
    else this.replace(inserted(room, this.#rooms), this.#hasMore);
  }

  #become(rooms: readonly RoomSummary[]): void {
    this.#rooms = rooms;
    this.#unread = new Map([...this.#watched, ...rooms.map(({ item, unread }) => [item, unread] as const)]);
  }
}

/** The rooms with another one at its place: the server may send the latest rooms again, in their order. */
function inserted(room: RoomSummary, rooms: readonly RoomSummary[]): RoomSummary[] {
  const others = rooms.filter(({ item }) => item !== room.item);
  const at = writtenAt(room);
  const place = others.findIndex((other) => writtenAt(other) <= at);
  return place < 0 ? [...others, room] : [...others.slice(0, place), room, ...others.slice(place)];
}

function writtenAt({ last }: RoomSummary): number {
  return last?.at ?? 0;
}
