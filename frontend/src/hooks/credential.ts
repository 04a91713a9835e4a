// Where a tab keeps its credential: in `sessionStorage`, and in memory where the browser refuses that.
import type { Credential } from "../client/access";

const KEPT = "alcove.credential";

let held: Credential | null = null;
let waiting: Credential | null = null;

/** The credential that the address brought. */
export const arrived = {
  /**
   * Takes `#token=…&name=…` out of the address: neither the history nor a copied link has it. To be called before the
   * first render, too; what it finds waits for `take`.
   */
  read(): void {
    const found = new URLSearchParams(location.hash.slice(1));
    const token = found.get("token");
    if (token === null) return;
    waiting = { token, name: found.get("name") };
    history.replaceState(history.state, "", location.pathname + location.search);
  },

  take(): Credential | null {
    arrived.read();
    const credential = waiting;
    waiting = null;
    return credential;
  },
};

export function keepCredential(credential: Credential): void {
  held = credential;
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(credential));
  } catch {
    // Where storage is refused the credential holds until the page is loaded again.
  }
}

export function forgetCredential(): void {
  held = null;
  try {
    sessionStorage.removeItem(KEPT);
  } catch {
    // Refused: then nothing is there.
  }
}

export function keptCredential(): Credential | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (typeof kept === "object" && kept !== null && "token" in kept) return kept as Credential;
  } catch {
    // Refused, or not ours: as good as none.
  }
  return held;
}
