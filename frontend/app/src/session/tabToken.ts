// The token of this tab, which the member replaces by another link or in the Connect card.
import { type Credential, type GetToken, memberKey } from "alcove-client";

export class TabToken {
  #credential: Credential;

  constructor(credential: Credential) {
    this.#credential = credential;
  }

  readonly getToken: GetToken = () => this.#credential.token;

  /** Use another token from now on; another member's is ignored: their name must not be under this one's messages. */
  replace(token: string): void {
    const fresh = { ...this.#credential, token };
    if (memberKey(fresh) === memberKey(this.#credential)) this.#credential = fresh;
  }
}
