// Who is in a room, who is writing, and how far each has read (rules P1–P5).
import type { Hello, Person, Presence } from "../protocol/wire.gen";

/** Without another sign of it, a member has stopped writing; ms (P4). */
export const TYPING_MS = 5000;
const GATHERED_MS = 500;

export type PeersView = {
  /** Up to a hundred by name; `count` is exact. */
  readonly members: readonly Person[];
  readonly count: number;
  readonly typing: readonly Person[];
  /** The last seq that each member has read. */
  readonly reads: ReadonlyMap<string, number>;
};

export class Peers {
  #members = new Map<string, Person>();
  #count = 0;
  #typing = new Map<string, { person: Person; until: number }>();
  #spokeAt = new Map<string, number>();
  #reads = new Map<string, number>();

  greet(hello: Hello): void {
    this.#members = new Map(hello.members.map((person) => [person.id, person]));
    this.#count = hello.count;
    this.#typing.clear();
    this.#reads = new Map(Object.entries(hello.reads));
  }

  presence({ joined, left, count }: Presence): void {
    for (const person of joined) this.#members.set(person.id, person);
    for (const id of left) {
      this.#members.delete(id);
      this.#typing.delete(id);
      this.#spokeAt.delete(id);
    }
    this.#count = count;
  }

  typing(person: Person, now: number): void {
    // The server gathers what it passes on: this one may be of the words that have just come.
    if (now - (this.#spokeAt.get(person.id) ?? 0) < GATHERED_MS) return;
    this.#typing.set(person.id, { person, until: now + TYPING_MS });
  }

  /** What somebody was writing has come. */
  spoke(id: string, now: number): void {
    this.#typing.delete(id);
    this.#spokeAt.set(id, now);
  }

  /** A mark moves forward only (P5). */
  read(id: string, seq: number): void {
    if (seq > (this.#reads.get(id) ?? 0)) this.#reads.set(id, seq);
  }

  mark(id: string): number {
    return this.#reads.get(id) ?? 0;
  }

  /** When somebody's typing lapses next, or null. */
  lapse(): number | null {
    const ends = [...this.#typing.values()].map(({ until }) => until);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Nobody is known to be here while nobody says so. */
  leave(): void {
    this.#members.clear();
    this.#typing.clear();
    this.#count = 0;
  }

  view(now: number): PeersView {
    for (const [id, { until }] of this.#typing) if (until <= now) this.#typing.delete(id);
    return {
      members: [...this.#members.values()],
      count: this.#count,
      typing: [...this.#typing.values()].map(({ person }) => person),
      reads: new Map(this.#reads),
    };
  }
}
