// Where a tab keeps its credential: in `sessionStorage`, and in memory where the browser refuses that.
import type { Credential } from "alcove-client";
import { keptName } from "../ui/base";

const KEPT = keptName("credential");
/** What a link brought and nobody has taken yet: a page that cannot start is loaded again without the fragment. */
const ARRIVED = keptName("arrived");

const held = new Map<string, Credential>();

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
    put(ARRIVED, { token, name: found.get("name") });
    history.replaceState(history.state, "", location.pathname + location.search);
  },

  take(): Credential | null {
    arrived.read();
    const credential = get(ARRIVED);
    remove(ARRIVED);
    return credential;
  },
};

export function keepCredential(credential: Credential): void {
  put(KEPT, credential);
}

export function forgetCredential(): void {
  remove(KEPT);
}

export function keptCredential(): Credential | null {
  return get(KEPT);
}

function put(name: string, credential: Credential): void {
  held.set(name, credential);
  try {
    sessionStorage.setItem(name, JSON.stringify(credential));
  } catch {
    // Where storage is refused the credential holds until the page is loaded again.
  }
}

function remove(name: string): void {
  held.delete(name);
  try {
    sessionStorage.removeItem(name);
  } catch {
    // Refused: then nothing is there.
  }
}

function get(name: string): Credential | null {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(name) ?? "null");
    if (typeof kept === "object" && kept !== null && "token" in kept) return kept as Credential;
  } catch {
    // Refused, or not ours: as good as none.
  }
  return held.get(name) ?? null;
}

/** Return the name that a credential carries: the member's own, else the one in the token; null where neither says one. */
export function nameOf({ token, name }: Credential): string | null {
  if (name !== null && name !== "") return name;
  try {
    const payload = (token?.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { name?: unknown; sub?: unknown };
    return [claims.name, claims.sub].find((claim) => typeof claim === "string") ?? null;
  } catch {
    return null; // in open mode any text is a token
  }
}
