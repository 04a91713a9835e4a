import { expect, test } from "vitest";
import itemIds from "../../test/support/itemIds.json";
import { isRoomId } from "./urls";

test.each(itemIds.good)("H3 %j can have a room", (itemId) => {
  expect(isRoomId(itemId)).toBe(true);
});

test.each(itemIds.bad.map(({ id }) => id))("H3 %j cannot have a room", (itemId) => {
  expect(isRoomId(itemId)).toBe(false);
});
