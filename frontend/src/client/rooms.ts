// The rooms of one member in one tab: each item has one, and one connection.
import { type AskCredential, type Credential, memberKey } from "./access";
import { RefusedAttempts } from "./authentication";
import { Http } from "./http";
import { Room } from "./room";
import type { Origin } from "./urls";
import type { World } from "./world";

export class Rooms {
  readonly http: Http;
  /** Under which name this browser keeps what the member writes. */
  readonly member: string;
  readonly #rooms = new Map<string, Room>();
  readonly #ask: AskCredential;
  readonly #attempts: RefusedAttempts;
  readonly #origin: Origin;
  readonly #world: World;

  /** `keep` takes every fresh credential that the host page gives. */
  constructor(
    credential: Credential,
    origin: Origin,
    world: World,
    keep: (fresh: Credential) => void = () => undefined,
  ) {
    let current = credential;
    // Several rooms may need a token at the same time: the host page is asked once.
    let asked: Promise<string | null> | null = null;
    this.#ask = async (occasion) => {
      if (occasion !== "attempt")
        asked ??= world.askHost(occasion).finally(() => {
          asked = null;
        });
      const token = occasion === "attempt" ? null : await asked;
      // What waits here was written by this member: another one's token must not send it.
      if (token !== null && memberKey({ ...current, token }) === this.member) {
        current = { ...current, token };
        keep(current);
      }
      return current;
    };
    this.#attempts = new RefusedAttempts(world);
    this.#origin = origin;
    this.#world = world;
    this.member = memberKey(credential);
    this.http = new Http(origin, this.#ask, world);
  }

  /** The item's room; it connects when someone holds it. */
  open(item: string): Room {
    const known = this.#rooms.get(item);
    if (known !== undefined) return known;
    const room = new Room({
      item,
      member: this.member,
      ask: this.#ask,
      attempts: this.#attempts,
      origin: this.#origin,
      world: this.#world,
    });
    this.#rooms.set(item, room);
    return room;
  }
}
