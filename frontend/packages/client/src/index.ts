// The public names of alcove-client.
export { type Credential, memberKey } from "./auth/tokens";
export { loginOf, Rooms } from "./client";
export { aboutToken, closeCodes, type Meaning } from "./connection/closeCodes";
export type { Latency, WireLine, WireLog, WireView } from "./devtools/wireLog";
export { browserWorld } from "./platform/browser";
export type { OpenSocket, SocketLike, World } from "./platform/platform";
export { byteLength } from "./protocol/frames";
export type { Http } from "./protocol/http";
export { isRoomId, type Origin } from "./protocol/urls";
export type { ItemSummary, Json, MessageEntry, Person, You } from "./protocol/wire.gen";
export { type Draft, LOG_RESET } from "./room/drafts";
export type { Row } from "./room/messages";
export type { Room } from "./room/room";
export type { RoomView } from "./room/state";
export type { Status } from "./room/status";
export { draftNote, earlierDraftNote } from "./storage/memory";
export { MemoryNotes } from "./storage/notes";
export type { RoomKey } from "./storage/storage";
