// The member of the login cookie, as this browser knew them last. Scripts cannot read that cookie.

import type { Platform } from "../platform/platform";
import { keyOfId } from "./tokens";

/** The stored id of the member whom a server's login cookie identified last, and the mark that was beside it. */
const MEMBER = "alcove.login.";
const MARK = "alcove.login-mark.";
/** The cookie beside the login cookie that scripts can read: another value is another member's login (W5). */
const MARK_COOKIE = "alcove_member";

type LoginPlatform = Pick<Platform, "notes" | "cookie">;

export class Login {
  /** The mark of the login when this tab was opened; null: the host application sets the cookie, without a mark. */
  readonly mark: string | null;
  readonly #server: string;
  readonly #platform: LoginPlatform;

  constructor(server: string, platform: LoginPlatform) {
    this.#server = server;
    this.#platform = platform;
    this.mark = platform.cookie(MARK_COOKIE);
  }

  /** The key of the last member known to be signed in; another one may have signed in since. null: none. */
  get last(): string | null {
    const you = this.#platform.notes.get(MEMBER + this.#server);
    return you === null ? null : keyOfId(you);
  }

  /** The key of the member, unless another login may have replaced theirs; null: only the server knows. */
  get member(): string | null {
    return this.#platform.notes.get(MARK + this.#server) === this.mark ? this.last : null;
  }

  /** Store the id of the member whom the server names; null: they have signed out. */
  store(you: string | null): void {
    const { notes } = this.#platform;
    notes.set(MEMBER + this.#server, you);
    notes.set(MARK + this.#server, you === null ? null : this.#platform.cookie(MARK_COOKIE));
  }
}
