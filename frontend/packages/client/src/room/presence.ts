// Who is in a room, who is writing, and how far each has read (rules P1–P5).
import type { Hello, Person, Presence as PresenceLine } from "../protocol/wire.gen";

/** After so long without another sign, a member has stopped writing, in ms (P4). */
export const TYPING_MS = 5000;
/** The server batches typing: a typing line that arrives this soon after a message, in ms, was sent before it. */
const GATHERED_MS = 500;

/** Authors whose last message is remembered for that. */
const AUTHORS_KEPT = 500;

export type PresenceState = {
  /** Up to a hundred; `count` is exact. */
  readonly members: readonly Person[];
  readonly count: number;
  readonly typing: readonly Person[];
  /** The last seq that each member has read. */
  readonly reads: ReadonlyMap<string, number>;
};

export class Presence {
  #members = new Map<string, Person>();
  #count = 0;
  #typing = new Map<string, { readonly person: Person; readonly until: number }>();
  #wroteAt = new Map<string, number>();
  #reads = new Map<string, number>();
  /** The parts of the state; each is the same object until it changes. */
  #state: PresenceState = { members: [], count: 0, typing: [], reads: new Map() };

  greet(hello: Hello): void {
    this.#members = new Map(hello.members.map((person) => [person.id, person]));
    this.#count = hello.count;
    this.#typing.clear();
    this.#reads = new Map(Object.entries(hello.reads));
    this.#membersChanged();
    this.#typingChanged();
    this.#readsChanged();
  }

  presence({ joined, left, count }: PresenceLine): void {
    for (const person of joined) this.#members.set(person.id, person);
    for (const id of left) {
      this.#members.delete(id);
      this.#typing.delete(id);
      this.#wroteAt.delete(id);
    }
    this.#count = count;
    this.#membersChanged();
    this.#typingChanged();
  }

  typing(person: Person, now: number): void {
    if (now - (this.#wroteAt.get(person.id) ?? 0) < GATHERED_MS) return;
    this.#typing.set(person.id, { person, until: now + TYPING_MS });
    this.#typingChanged();
  }

  /** A message of this member has come: they are not writing it any more. */
  wrote(id: string, now: number): void {
    this.#wroteAt.delete(id);
    this.#wroteAt.set(id, now);
    for (const oldest of this.#wroteAt.keys()) {
      if (this.#wroteAt.size <= AUTHORS_KEPT) break;
      this.#wroteAt.delete(oldest);
    }
    if (this.#typing.delete(id)) this.#typingChanged();
  }

  /** Move a member's mark; it moves forward only (P5). */
  read(id: string, seq: number): void {
    if (seq <= (this.#reads.get(id) ?? 0)) return;
    this.#reads.set(id, seq);
    this.#readsChanged();
  }

  mark(id: string): number {
    return this.#reads.get(id) ?? 0;
  }

  /** Drop those who have stopped writing; return when the next one does, in ms since the epoch, or null. */
  lapse(now: number): number | null {
    const lapsed = [...this.#typing].filter(([, { until }]) => until <= now);
    for (const [id] of lapsed) this.#typing.delete(id);
    if (lapsed.length > 0) this.#typingChanged();
    const ends = [...this.#typing.values()].map(({ until }) => until);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** The connection was lost: the connected members are unknown. */
  leave(): void {
    this.#members.clear();
    this.#typing.clear();
    this.#count = 0;
    this.#membersChanged();
    this.#typingChanged();
  }

  state(): PresenceState {
    return this.#state;
  }

  #membersChanged(): void {
    this.#state = { ...this.#state, members: [...this.#members.values()], count: this.#count };
  }

  #typingChanged(): void {
    const typing = [...this.#typing.values()].map(({ person }) => person);
    if (typing.length > 0 || this.#state.typing.length > 0) this.#state = { ...this.#state, typing };
  }

  #readsChanged(): void {
    this.#state = { ...this.#state, reads: new Map(this.#reads) };
  }
}
