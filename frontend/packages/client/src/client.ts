// A client of one Alcove server, for one member: its rooms, the list of rooms, and signing out.
import { Login } from "./auth/login";
import { RefusedAttempts } from "./auth/refusedAttempts";
import { type GetToken, TokenSource } from "./auth/tokenSource";
import { keyOfId, memberKey } from "./auth/tokens";
import { Emitter } from "./lib/emitter";
import { withTimeout } from "./lib/timeout";
import { RoomList } from "./list/roomList";
import { browserPlatform } from "./platform/browser";
import type { Channel, Platform } from "./platform/platform";
import { serverOf } from "./protocol/addresses";
import { Http } from "./protocol/http";
import { isRoomId, type Origin, originOf } from "./protocol/urls";
import type { Entries } from "./protocol/wire.gen";
import { Room } from "./room/room";
import { forgetMember } from "./storage/forget";

export type ClientOptions = {
  /** The address of the Alcove server, with its base path where it has one; a relative one is the page's origin's. */
  readonly url: string | URL;
  /**
   * Returns a token for the member, or null while no member is signed in. Without it the server's login cookie counts.
   */
  readonly getToken?: GetToken;
  /** The member's name; it counts in open mode only (rule A2). */
  readonly name?: string;
  /** The browser's interfaces; tests pass another one. */
  readonly platform?: Platform;
};

export type ClientEvents = {
  /** The member has signed out, here or in another tab; nothing of theirs is kept. */
  readonly signedOut: undefined;
};

/** How long a sign-out waits for the server, in ms. */
const SIGN_OUT_MS = 5000;

export class Client {
  /** The live list of rooms, with unread counts. */
  readonly rooms: RoomList;
  readonly #http: Http;
  readonly #open = new Map<string, Room>();
  readonly #attempts: RefusedAttempts;
  readonly #tokens: TokenSource;
  readonly #origin: Origin;
  readonly #server: string;
  readonly #login: Login;
  readonly #platform: Platform;
  readonly #events = new Emitter<ClientEvents>();
  readonly #signOuts: Channel;
  #signOutCount = 0;
  /** The key of the member's drafts and history in this browser; null: not known yet. */
  #member: string | null;

  constructor({ url, getToken, name, platform = browserPlatform() }: ClientOptions) {
    this.#platform = platform;
    this.#origin = originOf(url);
    this.#server = serverOf(this.#origin);
    this.#attempts = new RefusedAttempts(platform);
    this.#tokens = new TokenSource({ getToken, name: name ?? null, platform });
    this.#http = new Http(this.#origin, this.#tokens.ask, platform, this.#attempts);
    this.#login = new Login(this.#server, platform);
    this.#member = this.#tokens.usesCookie ? this.#login.member : null;
    this.rooms = new RoomList({
      ask: this.#tokens.ask,
      attempts: this.#attempts,
      http: this.#http,
      origin: this.#origin,
      platform,
      areRoomsPending: () => this.#joined.length > 0 && !this.#joined.some(({ settled }) => settled),
      isRefusedInRooms: (token) => this.#joined.length > 0 && this.#tokens.credential?.token === token,
      onSignedOut: () => void this.#forget(),
      name: async () => `alcove:list:${JSON.stringify(await this.#sharing())}`,
    });
    this.#signOuts = platform.channel(`alcove:signed-out:${this.#server}`, (message) => {
      if (message === this.#member) void this.#forget();
    });
  }

  /**
   * Return the room of an item: the same object as long as it is joined. Throws TypeError for an invalid
   * id.
   */
  room(item: string): Room {
    if (!isRoomId(item))
      throw new TypeError(`expected an item ID that can have a room (rule H3), got "${item}"`);
    const known = this.#open.get(item);
    if (known !== undefined) return known;
    const room: Room = new Room({
      item,
      member: this.#member,
      identify: () => this.#identify(),
      ask: this.#tokens.ask,
      attempts: this.#attempts,
      origin: this.#origin,
      platform: this.#platform,
      // A room that is joined again after everybody had left it is the client's again.
      onJoin: () => this.#open.set(item, room),
      onIdle: () => {
        if (this.#open.get(item) === room) this.#open.delete(item);
        if (this.#joined.length === 0) this.rooms.admitted();
      },
      onSettled: () => this.rooms.admitted(),
      onSignedOut: () => void this.#forget(),
      ...(this.#tokens.usesCookie && {
        onMember: (you: string, before: string | null) => this.#loggedIn(you, before),
      }),
    });
    this.#open.set(item, room);
    return room;
  }

  /** Load a page of the entries of an item's log before seq `before`, for an export: rooms load their own history. */
  loadEntries(item: string, before: number): Promise<Omit<Entries, "head">> {
    return this.#http.page(item, before);
  }

  /** Call `listener` on every event of this name; returns the function that ends this. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Request another token now, because something changed, and try again what failed. */
  refresh(): void {
    this.#tokens.refresh();
    for (const room of this.#open.values()) room.reconnect();
    this.rooms.wake();
  }

  /** End the session on the server, and remove what this browser keeps of the member, in every tab. */
  async logout(): Promise<void> {
    const before = this.#signOutCount;
    // First, because the server ends this client's own streams before it answers: `#member` is unknown from then on.
    this.#signOuts.post(this.#member);
    // On a shared computer the data must be deleted also while the server does not answer.
    await withTimeout(() => this.#http.signOut(), SIGN_OUT_MS).catch(() => undefined);
    if (this.#signOutCount === before) await this.#forget();
  }

  /** End all connections. What waits to be sent stays in storage, for the next client of this member. */
  close(): void {
    for (const room of [...this.#open.values()]) room.close();
    this.#open.clear();
    this.rooms.close();
    this.#tokens.close();
    this.#signOuts.close();
    this.#events.clear();
  }

  /** The rooms that the application shows. */
  get #joined(): readonly Room[] {
    return [...this.#open.values()].filter(({ joined }) => joined);
  }

  async #forget(): Promise<void> {
    this.#signOutCount += 1;
    const member = this.#member;
    const { last } = this.#login;
    if (this.#tokens.usesCookie) this.#login.store(null);
    for (const room of this.#open.values()) room.forget();
    this.rooms.forget();
    this.#tokens.close();
    this.#member = null;
    if (member !== null) await forgetMember({ server: this.#server, member }, this.#platform);
    // Before the server told whose login it was: what an earlier member has not sent stays theirs.
    else if (this.#tokens.usesCookie && last !== null)
      await this.#platform.storage.forget({ server: this.#server, member: last }, { drafts: false });
    this.#events.emit("signedOut", undefined);
  }

  /** Return the key of the member's data in storage; request a token if there is none yet. */
  async #identify(): Promise<string | null> {
    if (this.#member !== null || this.#tokens.usesCookie) return this.#member;
    this.#member = memberKey(await this.#tokens.ask("attempt"));
    return this.#member;
  }

  /** Return what tabs have in common that share a list: the member may not be known, and then it is their login. */
  async #sharing(): Promise<readonly unknown[]> {
    const member = await this.#identify();
    const { mark } = this.#login;
    return this.#tokens.usesCookie && mark !== null ? [this.#server, member, mark] : [this.#server, member];
  }

  /** The login cookie belongs to `you`: drop what was read for an earlier member. */
  #loggedIn(you: string, before: string | null): void {
    this.#member = keyOfId(you);
    const { last } = this.#login;
    this.#login.store(you);
    // It is shared with the tabs of the member who was known before.
    if (before !== this.#member) this.rooms.restart();
    for (const member of new Set([before, last]))
      if (member !== null && member !== this.#member)
        void this.#platform.storage.forget({ server: this.#server, member }, { drafts: false });
  }
}

/** Return a client of one Alcove server, for one member. Nothing is connected before a room is joined. */
export function createClient(options: ClientOptions): Client {
  return new Client(options);
}

/** Return under which name this browser keeps what the member of the login cookie writes; null: unknown. */
export function loginOf(url: string | URL, platform: Pick<Platform, "notes" | "cookie">): string | null {
  return new Login(serverOf(originOf(url)), platform).member;
}
