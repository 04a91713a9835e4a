// The room that the text of a search names.
import { isRoomId } from "alcove-client";

/** Return the ID for `text`, with hyphens for spaces; null where none can be made of it (rule H3). */
export function roomIdOf(text: string): string | null {
  const id = text.normalize("NFC").split(" ").filter(Boolean).join("-");
  return isRoomId(id) ? id : null;
}
