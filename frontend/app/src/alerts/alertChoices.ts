// Which alerts the reader wants: switched in the details, heeded while those are closed.
import { useSyncExternalStore } from "react";
import { keep, kept } from "../ui/kept";

export type AlertChoices = { readonly notifying: boolean; readonly ringing: boolean };

let choices: AlertChoices | null = null;
const listeners = new Set<() => void>();

function get(): AlertChoices {
  choices ??= { notifying: kept("notify") === "on", ringing: kept("sound") === "on" };
  return choices;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Change choices, for the next visit too. */
export function chooseAlerts(change: Partial<AlertChoices>): void {
  choices = { ...get(), ...change };
  keep("notify", choices.notifying ? "on" : null);
  keep("sound", choices.ringing ? "on" : null);
  for (const listener of listeners) listener();
}

export function useAlertChoices(): AlertChoices {
  return useSyncExternalStore(subscribe, get);
}
