// The public names of alcove-react.
export { isComposing } from "./composer/keys";
export { Boundary } from "./lib/Boundary";
export { Icon } from "./lib/Icon";
export { isolated } from "./members/isolated";
export { Members, type MembersProps } from "./members/Members";
export type { MessageActions } from "./messages/actions";
export type { MessageSlotProps, MessageSlots } from "./messages/Message";
export { plainSummaryOf, summaryOf } from "./messages/summary";
export { AlcoveProvider, type AlcoveProviderProps, localeOf, type Theme, useAlcove } from "./provider";
export { type HeaderSlotProps, Room, type RoomHandle, type RoomProps } from "./room/Room";
export { useMissedMessages } from "./room/useMissedMessages";
export { RoomList, type RoomListProps } from "./rooms/RoomList";
export { UnreadBadge, type UnreadBadgeProps } from "./rooms/UnreadBadge";
export { en } from "./strings/en";
export type { Strings } from "./strings/strings";
export { createTranslate, type Key, type TextsLike, type Translate, type Values } from "./strings/translate";
export { useRoom } from "./useRoom";
export { useRooms, useUnread } from "./useRooms";
