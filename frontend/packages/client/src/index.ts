// The public names of alcove-client.
export type { GetToken, TokenReason } from "./auth/tokenSource";
export { type Credential, memberKey } from "./auth/tokens";
export { type Client, type ClientEvents, type ClientOptions, createClient, loginOf } from "./client";
export { aboutToken, closeCodes, type Meaning } from "./connection/closeCodes";
export { CommandError } from "./connection/pending";
export type { Latency, WireLine, WireLog, WireView } from "./devtools/wireLog";
export type { RoomList } from "./list/roomList";
export type { RoomListState, RoomSummary } from "./list/state";
export { browserPlatform } from "./platform/browser";
export type { OpenSocket, Platform, SocketLike } from "./platform/platform";
export { byteLength } from "./protocol/frames";
export { isRoomId } from "./protocol/urls";
export type { Entries, Entry, Json, Limits, MessageEntry, Person, Right, You } from "./protocol/wire.gen";
export { LOG_RESET } from "./room/drafts";
export type { RoomEvents } from "./room/events";
export type { Room, Sending } from "./room/room";
export type { Delivery, History, Message, RoomState } from "./room/state";
export type { RoomError, RoomStatus } from "./room/status";
