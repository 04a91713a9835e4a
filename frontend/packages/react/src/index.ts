// The public names of alcove-react.
export { useDraft } from "./composer/draft";
export { isComposing } from "./composer/keys";
export { lastOwn } from "./composer/lastOwn";
export { isolated } from "./members/isolated";
export { dayOf, type Item, itemsOf, type Unread } from "./messages/items";
export { type Piece, piecesOf } from "./messages/markup";
export { partOf } from "./messages/part";
export { positionIn, type Seen } from "./messages/seen";
export { seenBy } from "./messages/seenBy";
export { summaryOf } from "./messages/summary";
export { useFoot } from "./messages/useFoot";
export { type Found, useFound } from "./rooms/useFound";
export { useItems } from "./useRooms";
