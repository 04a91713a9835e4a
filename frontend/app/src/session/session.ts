// The login of this tab: a credential from the address or the Connect card, kept for the tab, and the client that uses it.

import { type Client, type Credential, createClient, loginOf, memberKey, type Platform } from "alcove-client";
import { SERVER } from "../ui/base";
import { keep } from "../ui/kept";
import { arrived, forgetCredential, keepCredential, keptCredential } from "./credential";
import { demoCredential, forgetDemo, keptDemo } from "./demo";
import { TabToken } from "./tabToken";

export type SessionState = {
  /** Null while no member is signed in. */
  readonly credential: Credential | null;
  /** The client of the signed-in member; null while there is none. */
  readonly client: Client | null;
  /** What a link would sign in, while another member is signed in. */
  readonly refused: Credential | null;
};

const signedOut: SessionState = { credential: null, client: null, refused: null };

export class Session {
  readonly platform: Platform;
  #state: SessionState = signedOut;
  #token: TabToken | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(platform: Platform) {
    this.platform = platform;
    this.#begin();
  }

  getState = (): SessionState => this.#state;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Sign in. The same member goes on with another token; another member begins from nothing. */
  enter(credential: Credential): void {
    const { credential: current, client } = this.#state;
    if (client !== null && current !== null && credential.token !== null && isSame(current, credential)) {
      this.#token?.replace(credential.token);
      client.refresh();
      this.#keep(credential);
    } else this.#open(credential);
  }

  /** Sign in as a made-up member, the same one in every tab of this browser. */
  enterDemo(name: string): void {
    this.enter(demoCredential(name));
  }

  /** Begin as the member who is signed in at the application around Alcove, whose cookie counts. */
  enterByApplication(): void {
    if (this.#state.client === null) this.#open({ token: null, name: null });
  }

  /** Go on under another name: in open mode the server makes another member of it (rule A2). */
  rename(name: string): void {
    const { credential } = this.#state;
    if (credential === null) return;
    if (credential.token !== null && credential.token === keptDemo()?.token) demoCredential(name);
    this.#open({ ...credential, name });
  }

  /** End the login on the server, and remove what this browser keeps of the member, in every tab. */
  async signOut(): Promise<void> {
    await this.#state.client?.logout();
    this.#leave();
  }

  /** Follow a link that came without a reload of the page: it changes the fragment of the address only. */
  follow(): void {
    const fresh = arrived.take();
    if (fresh === null) return;
    const { credential } = this.#state;
    if (credential !== null && !isSame(credential, fresh)) this.#become({ ...this.#state, refused: fresh });
    else this.enter(fresh);
  }

  /** Ignore the link that was refused. */
  dismiss(): void {
    this.#become({ ...this.#state, refused: null });
  }

  /** A link does not sign in another member than the current one: what waits here would be sent under another name. */
  #begin(): void {
    const fresh = arrived.take();
    const login = loginOf(SERVER, this.platform);
    const kept = keptCredential();
    const byCookie = login === null ? null : { token: null, name: null };
    const current = kept ?? (fresh === null ? keptDemo() : null) ?? byCookie;
    const credential =
      fresh === null || (current !== null && !isSame(current, fresh, login)) ? current : fresh;
    if (credential !== null) this.#open(credential);
    if (fresh !== null && credential !== fresh) this.#become({ ...this.#state, refused: fresh });
  }

  #open(credential: Credential): void {
    const before = this.#state.client;
    const { name } = credential;
    const options = { url: SERVER, platform: this.platform, ...(name !== null && { name }) };
    this.#token = credential.token === null ? null : new TabToken(credential);
    const client = createClient(
      this.#token === null ? options : { ...options, getToken: this.#token.getToken },
    );
    client.on("signedOut", () => {
      if (this.#state.client === client) this.#leave();
    });
    keepCredential(credential);
    this.#become({ credential, client, refused: null });
    before?.close();
  }

  #keep(credential: Credential): void {
    keepCredential(credential);
    this.#become({ ...this.#state, credential, refused: null });
  }

  #leave(): void {
    const { client } = this.#state;
    this.#token = null;
    forgetCredential();
    forgetDemo();
    keep("room", null);
    this.#become(signedOut);
    client?.close();
  }

  #become(state: SessionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** `login`: the member of the login cookie, which a credential without token stands for. */
function isSame(one: Credential, other: Credential, login: string | null = null): boolean {
  return (memberKey(one) ?? login) === (memberKey(other) ?? login);
}
