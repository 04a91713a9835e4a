// The rooms of one member in one tab: each item has one, and one connection.

import { RefusedAttempts } from "./auth/authentication";
import { type Credential, type GetCredential, keyOfId, memberKey } from "./auth/tokens";
import type { Platform } from "./platform/platform";
import { serverOf } from "./protocol/addresses";
import { Http } from "./protocol/http";
import type { Origin } from "./protocol/urls";
import { Room } from "./room/room";
import { forgetMember } from "./storage/forget";

/** The note of whom a server's login cookie let in last. */
const LOGIN = "alcove.login.";

export class Rooms {
  readonly http: Http;
  /** Tells the rooms of one credential from those of another. */
  readonly key: string;
  /** Under which name this browser keeps what the member writes; null for a login whose member is not known yet. */
  #member: string | null;
  #credential: Credential;
  /** Whether the credential was given since a room asked for one. */
  #given = false;
  #asked: Promise<string | null> | null = null;
  #leave: (() => void) | null = null;
  readonly #rooms = new Map<string, Room>();
  readonly #attempts: RefusedAttempts;
  readonly #origin: Origin;
  readonly #server: string;
  readonly #platform: Platform;
  readonly #keep: (fresh: Credential) => void;

  /** `keep` takes every fresh credential that the host page gives. */
  constructor(
    credential: Credential,
    origin: Origin,
    platform: Platform,
    keep: (fresh: Credential) => void = () => undefined,
  ) {
    this.#credential = credential;
    this.#keep = keep;
    this.#attempts = new RefusedAttempts(platform);
    this.#origin = origin;
    this.#server = serverOf(origin);
    this.#platform = platform;
    this.key = memberKey(credential) ?? "login";
    this.#member = memberKey(credential) ?? loginOf(origin, platform);
    this.http = new Http(origin, this.#ask, platform, this.#attempts);
  }

  /** The item's room; it connects when someone holds it, and is forgotten when nobody does. */
  open(item: string): Room {
    const known = this.#rooms.get(item);
    if (known !== undefined) return known;
    const room = new Room({
      item,
      member: this.#member,
      ask: this.#ask,
      attempts: this.#attempts,
      origin: this.#origin,
      platform: this.#platform,
      onIdle: () => this.#rooms.delete(item),
      onSignedOut: () => void this.#forget(),
      ...(this.#credential.token === null && {
        onMember: (you: string, before: string | null) => this.#loggedIn(you, before),
      }),
    });
    this.#rooms.set(item, room);
    return room;
  }

  /** Goes on with another token of the same member. */
  renewWith(fresh: Credential): void {
    this.#credential = fresh;
    this.#given = true;
    for (const room of this.#rooms.values()) room.reconnect();
  }

  /**
   * Hears other tabs and the host page; calls `leave` when this member signs out elsewhere. Returns what ends that.
   */
  attach(leave: () => void): () => void {
    this.#leave = leave;
    const channel = this.#platform.channel(this.#channelName, (message) => {
      if (message === this.#member) void this.#forget();
    });
    const unhear = this.#platform.hearHost((token) => {
      const fresh = { ...this.#credential, token };
      if (memberKey(fresh) !== memberKey(this.#credential)) return;
      this.#keep(fresh);
      this.renewWith(fresh);
    });
    return () => {
      this.#leave = null;
      unhear();
      channel.close();
    };
  }

  /** Ends the login on the server; removes credential, conversation and drafts of this member, in every tab. */
  async signOut(): Promise<void> {
    // A server that is away must not keep a shared computer from forgetting.
    await this.http.signOut().catch(() => undefined);
    const channel = this.#platform.channel(this.#channelName, () => undefined);
    channel.post(this.#member);
    channel.close();
    await this.#forget();
  }

  async #forget(): Promise<void> {
    this.#leave?.();
    if (this.#credential.token === null) this.#platform.notes.set(LOGIN + this.#server, null);
    for (const room of this.#rooms.values()) room.forget();
    if (this.#member !== null)
      await forgetMember({ server: this.#server, member: this.#member }, this.#platform);
  }

  #ask: GetCredential = async (occasion) => {
    if (occasion === "attempt" || this.#given) {
      this.#given = false;
      return this.#credential;
    }
    // Several rooms may need a token at the same time: the host page is asked once.
    this.#asked ??= this.#platform.askHost(occasion).finally(() => {
      this.#asked = null;
    });
    const token = await this.#asked;
    const fresh = { ...this.#credential, token };
    // What waits here was written by this member: another one's token must not send it.
    if (token !== null && memberKey(fresh) === memberKey(this.#credential)) {
      this.#credential = fresh;
      this.#keep(fresh);
    }
    return this.#credential;
  };

  get #channelName(): string {
    return `alcove:signed-out:${this.#server}`;
  }

  /** The login cookie is `you`'s. What a member before them has read is theirs alone. */
  #loggedIn(you: string, before: string | null): void {
    this.#member = keyOfId(you);
    this.#platform.notes.set(LOGIN + this.#server, you);
    if (before !== null)
      void this.#platform.storage.forget({ server: this.#server, member: before }, { drafts: false });
  }
}

/** Under which name this browser keeps what the member writes whom the login cookie let in last; null: nobody. */
export function loginOf(origin: Origin, platform: Pick<Platform, "notes">): string | null {
  const you = platform.notes.get(LOGIN + serverOf(origin));
  return you === null ? null : keyOfId(you);
}
