// The token of this tab, and how it is replaced: by the page that frames this one, or by the member.
import { type Credential, type GetToken, memberKey, type Platform } from "alcove-client";

type TabTokenOptions = {
  /** Called with every other credential of the member. */
  readonly onFresh: (credential: Credential) => void;
  /** The host page has given a token unasked. */
  readonly onGiven: () => void;
};

export class TabToken {
  #credential: Credential;
  /** Whether the token was replaced since it was last used. */
  #isFresh = false;
  readonly #platform: Pick<Platform, "askHost">;
  readonly #options: TabTokenOptions;
  readonly close: () => void;

  constructor(
    credential: Credential,
    platform: Pick<Platform, "askHost" | "hearHost">,
    options: TabTokenOptions,
  ) {
    this.#credential = credential;
    this.#platform = platform;
    this.#options = options;
    this.close = platform.hearHost((token) => {
      if (this.replace(token)) this.#options.onGiven();
    });
  }

  /** Return the token; where it expires or was refused, the host page is asked for another one. */
  readonly getToken: GetToken = async ({ reason }) => {
    if (reason !== "connect" && !this.#isFresh) {
      const token = await this.#platform.askHost(reason);
      if (token !== null) this.replace(token);
    }
    this.#isFresh = false;
    return this.#credential.token;
  };

  /** Use another token from now on; false where it is another member's, whose name must not be under this one's messages. */
  replace(token: string): boolean {
    const fresh = { ...this.#credential, token };
    if (memberKey(fresh) !== memberKey(this.#credential)) return false;
    this.#credential = fresh;
    this.#isFresh = true;
    this.#options.onFresh(fresh);
    return true;
  }
}
