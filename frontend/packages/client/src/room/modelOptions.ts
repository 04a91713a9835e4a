// What the state of a room needs from the room.
import type { Emitter } from "../lib/emitter";
import type { Platform } from "../platform/platform";
import type { Http } from "../protocol/http";
import type { Origin } from "../protocol/urls";
import type { Read, Typing } from "../protocol/wire.gen";
import type { RoomEvents } from "./events";
import type { Transmitter } from "./sender";

export type RoomModelOptions = {
  readonly item: string;
  readonly member: string | null;
  readonly onMember?: (you: string, before: string | null) => void;
  readonly origin: Origin;
  readonly platform: Platform;
  readonly http: Http;
  readonly events: Emitter<RoomEvents>;
  readonly transmitter: Transmitter;
  /** Send a line; return false if nothing can be sent now. */
  readonly say: (command: Typing | Read) => boolean;
  /** Connect again, from the current position. */
  readonly renew: () => void;
  readonly onChange: () => void;
};
