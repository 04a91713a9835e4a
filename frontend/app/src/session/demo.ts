// Who the reader is in a demo room of a server in open mode: a random credential for each browser.
import type { Credential } from "alcove-client";
import { keptName } from "../ui/base";
import { randomToken } from "./randomToken";

const KEPT = keptName("demo");

/** Return the credential of this browser under a name: the server makes another member of another one (rule A2). */
export function demoCredential(name: string): Credential {
  const credential = { token: keptDemo()?.token ?? randomToken(), name };
  try {
    localStorage.setItem(KEPT, JSON.stringify(credential));
  } catch {
    // Where storage is refused the next tab is another member.
  }
  return credential;
}

/** Return the credential that this browser has been given; null before that. */
export function keptDemo(): Credential | null {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    return typeof kept === "object" && kept !== null && "token" in kept ? (kept as Credential) : null;
  } catch {
    return null;
  }
}

export function forgetDemo(): void {
  try {
    localStorage.removeItem(KEPT);
  } catch {
    // Refused: then nothing is there.
  }
}
