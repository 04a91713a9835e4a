// What the close codes mean: those of RFC 6455 section 7.4.1, and Alcove's own 4xxx.

/** Of codes after which the same attempt would fail again. */
export type FinalMeaning =
  | "done"
  | "binary"
  | "notUtf8"
  | "policy"
  | "tooLarge"
  | "invalid"
  | "unauthenticated"
  | "forbidden";

/** Of codes after which it may succeed. */
export type PassingMeaning = "goingAway" | "internal" | "restart" | "capacity" | "heartbeat" | "tooMany";

export type Meaning = FinalMeaning | PassingMeaning;

/** `again`: another attempt, unchanged, may succeed. */
export type CloseCode =
  | { readonly meaning: FinalMeaning; readonly again: false }
  | { readonly meaning: PassingMeaning; readonly again: true };

export const closeCodes: ReadonlyMap<number, CloseCode> = new Map<number, CloseCode>([
  [1000, { meaning: "done", again: false }],
  [1001, { meaning: "goingAway", again: true }],
  [1003, { meaning: "binary", again: false }],
  [1007, { meaning: "notUtf8", again: false }],
  [1008, { meaning: "policy", again: false }],
  [1009, { meaning: "tooLarge", again: false }],
  [1011, { meaning: "internal", again: true }],
  [1012, { meaning: "restart", again: true }],
  [1013, { meaning: "capacity", again: true }],
  [4400, { meaning: "invalid", again: false }],
  [4401, { meaning: "unauthenticated", again: false }],
  [4403, { meaning: "forbidden", again: false }],
  [4408, { meaning: "heartbeat", again: true }],
  [4429, { meaning: "tooMany", again: true }],
]);

/** Whether another token may help after this close code. */
export function aboutToken(code: number): boolean {
  return code === 4401 || code === 4403;
}
