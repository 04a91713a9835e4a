// The public names of alcove-client.
export type { GetToken, TokenReason } from "./auth/tokenSource";
// The earlier API, which the page still uses: to be removed with it (`rooms.ts`, `room/legacyView.ts`).
export { type Credential, memberKey } from "./auth/tokens";
export { type Client, type ClientEvents, type ClientOptions, createClient } from "./client";
export { aboutToken, closeCodes, type Meaning } from "./connection/closeCodes";
export { CommandError } from "./connection/pending";
export type { Latency, WireLine, WireLog, WireView } from "./devtools/wireLog";
export type { RoomList } from "./list/roomList";
export type { RoomListState, RoomSummary } from "./list/state";
export { browserPlatform, browserPlatform as browserWorld } from "./platform/browser";
export type { OpenSocket, Platform, Platform as World, SocketLike } from "./platform/platform";
export { byteLength } from "./protocol/frames";
export type { Http } from "./protocol/http";
export type { Origin } from "./protocol/urls";
export { isRoomId } from "./protocol/urls";
export type { Entry, ItemSummary, Json, Limits, MessageEntry, Person, Right, You } from "./protocol/wire.gen";
export { type Draft, LOG_RESET } from "./room/drafts";
export type { RoomEvents } from "./room/events";
export type { RoomView, Row, Status } from "./room/legacyView";
export type { Room, Sending } from "./room/room";
export type { Delivery, History, Message, RoomState } from "./room/state";
export type { RoomError, RoomStatus } from "./room/status";
export { loginOf, Rooms } from "./rooms";
export { draftNote, earlierDraftNote } from "./storage/forget";
export { MemoryNotes } from "./storage/notes";
export type { RoomKey } from "./storage/storage";
