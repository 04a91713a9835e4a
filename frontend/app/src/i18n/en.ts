// The English texts that the page needs first; other languages have the same keys.
import type { TextsLike } from "alcove-react";
import type { enLater } from "./enLater";

export const en = {
  skip: "Skip to the content",
  openMode: {
    name: "Open to all",
    text: "Anyone who reaches this server can read and write.",
  },
  rooms: {
    show: "Rooms",
    showUnread_one: "Rooms, {{count}} unread message",
    showUnread_other: "Rooms, {{count}} unread messages",
    close: "Close rooms",
    signedOut: "Your rooms appear here once you are in one.",
  },
  account: {
    title: "Account",
    signedOut: "Not signed in",
    signedIn: "Signed in",
    guest: "Guest",
  },
  details: {
    tools: "About this room",
    embed: "Embed",
    title: "Details",
  },
} as const;

/** The texts that are needed first. */
export type Texts = TextsLike<typeof en>;

/** The texts of parts that are loaded when they are needed: they come with them. */
export type LaterTexts = TextsLike<typeof enLater>;
