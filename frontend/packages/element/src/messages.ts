// Messages between the element and the page in its frame. The frame sends `hello` to its parent window; the element
// answers with one end of a MessageChannel, and everything else goes over that.
import { THEME_PROPERTIES } from "./themeProperties";

/** From the frame, to its parent window. It holds no secret. */
export type Hello = { readonly type: "alcove.hello" };

/** The answer, to the frame's window and the server's origin only; a port comes with it. */
export type Connect = { readonly type: "alcove.connect"; readonly options: RoomOptions };

export type RoomTheme = "light" | "dark" | "auto";

/** The options of the host page for the room. */
export type RoomOptions = {
  /** The name of the room above its messages; null: no name is shown. */
  readonly roomName: string | null;
  readonly readOnly: boolean;
  readonly theme: RoomTheme;
  /** Values of `THEME_PROPERTIES`. */
  readonly properties: Readonly<Record<string, string>>;
  /** A language tag (BCP 47); null: the reader's. */
  readonly language: string | null;
  /** Whether the host gives tokens. */
  readonly hasTokens: boolean;
};

/** Why the frame requests a token. */
export type TokenReason = "connect" | "expiring" | "refused";

export type RoomMessage = {
  readonly seq: number | null;
  readonly id: string;
  readonly author: { readonly id: string; readonly name: string };
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly body: unknown;
};

/** The events of the element, and what their `detail` is. */
export type RoomEvents = {
  /** The room is live for the first time. */
  ready: { readonly item: string; readonly member: { readonly id: string; readonly name: string } };
  /** How many of the loaded messages are of others and not read yet. */
  unread: { readonly count: number };
  /** The height in px at which all loaded messages are shown without a scrollbar. */
  height: { readonly height: number };
  /** A new message, of anyone; never for history. */
  message: RoomMessage;
  /** The room is closed to the member: no access, the token has expired and there is no other, or signed out. */
  ended: { readonly reason: "noAccess" | "ended" | "signedOut"; readonly message: string };
};

/** From the frame, over the port. */
export type FromFrame =
  | { readonly type: "token"; readonly id: number; readonly reason: TokenReason }
  | { readonly type: "loggedOut" }
  | {
      [Name in keyof RoomEvents]: {
        readonly type: "event";
        readonly name: Name;
        readonly detail: RoomEvents[Name];
      };
    }[keyof RoomEvents];

/** To the frame, over the port. */
export type ToFrame =
  | { readonly type: "options"; readonly options: RoomOptions }
  | { readonly type: "token"; readonly id: number; readonly token: string | null }
  | { readonly type: "tokenFailed"; readonly id: number; readonly message: string }
  | { readonly type: "refresh" | "logout" | "focus" };

/** Longer values of a custom property are no colour, size or font. */
const LONGEST = 200;

/** Return whether a custom property may be set in the frame: a known name, and no value that loads anything. */
export function isThemeProperty(name: string, value: string): boolean {
  return THEME_PROPERTIES.has(name) && value.length <= LONGEST && !/url\s*\(|image|[;{}\\]/i.test(value);
}

/** Return the `type` of a message of a window; null where it is none of ours. */
export function typeOf(data: unknown): string | null {
  const type = typeof data === "object" && data !== null && "type" in data ? data.type : null;
  return typeof type === "string" && type.startsWith("alcove.") ? type : null;
}
