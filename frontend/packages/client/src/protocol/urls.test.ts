import { expect, test } from "vitest";
import itemIds from "../../test/support/itemIds.json";
import { apiUrl, listEventsUrl, roomUrl, serverOf } from "./addresses";
import { isRoomId, originOf } from "./urls";

test.each(itemIds.good)("H3 %j can have a room", (itemId) => {
  expect(isRoomId(itemId)).toBe(true);
});

test.each(itemIds.bad.map(({ id }) => id))("H3 %j cannot have a room", (itemId) => {
  expect(isRoomId(itemId)).toBe(false);
});

test.each([
  ["https://shop.example/chat", "https://shop.example/chat"],
  ["https://shop.example/chat/", "https://shop.example/chat"],
  ["https://shop.example/apps/chat//", "https://shop.example/apps/chat"],
  ["wss://shop.example/chat?x=1#y", "https://shop.example/chat"],
  ["https://shop.example", "https://shop.example"],
])("B1 every address of the server %j begins with %j", (url, server) => {
  const origin = originOf(url);
  const credential = { token: "t", name: null };
  const sockets = server.replace("http", "ws");

  expect(serverOf(origin)).toBe(server);
  expect(apiUrl(origin, "session", {})).toBe(`${server}/api/session?`);
  expect(listEventsUrl(origin, credential)).toBe(`${server}/api/items/events?token=t`);
  expect(roomUrl(origin, "foo", credential, { log: null, cursor: null })).toBe(
    `${sockets}/items/foo/ws?token=t&tail=100`,
  );
});
