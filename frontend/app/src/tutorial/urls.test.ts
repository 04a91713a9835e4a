// Addresses of the plain-text sockets.
import { describe, expect, test } from "vitest";
import { chatUrl, echoUrl, isPathSegment, itemUrl } from "./urls";

const http = "http://127.0.0.1:8000";
const https = "https://rooms.example/chat";
const item = { itemId: "foo", token: "some-key-token", q: "" };

test("T1 B1 echo, encrypted exactly when the page is, below the base path", () => {
  expect(echoUrl(http)).toBe("ws://127.0.0.1:8000/ws");
  expect(echoUrl(https)).toBe("wss://rooms.example/chat/ws");
});

test("T3 chat carries the client's ID", () => {
  expect(chatUrl(http, 1795366775187)).toBe("ws://127.0.0.1:8000/ws/1795366775187");
});

describe("T2 item", () => {
  test("carries the token, and q only when given", () => {
    expect(itemUrl(http, item)).toBe("ws://127.0.0.1:8000/items/foo/ws?token=some-key-token");
    expect(itemUrl(http, { ...item, q: "-1" })).toBe(
      "ws://127.0.0.1:8000/items/foo/ws?token=some-key-token&q=-1",
    );
  });

  test("leaves an empty token out, so that the session cookie counts", () => {
    expect(itemUrl(http, { ...item, token: "" })).toBe("ws://127.0.0.1:8000/items/foo/ws");
  });

  test("survives whatever stands in an ID or a token", () => {
    const url = new URL(itemUrl(http, { itemId: "a/b?c#d ñ🌱", token: "x&q=1+2", q: "" }));

    expect(url.pathname.split("/").map(decodeURIComponent)).toEqual(["", "items", "a/b?c#d ñ🌱", "ws"]);
    expect(url.searchParams.get("token")).toBe("x&q=1+2");
    expect(url.searchParams.has("q")).toBe(false);
  });
});

test.each(["", ".", ".."])("%j cannot stand in a path", (itemId) => {
  expect(isPathSegment(itemId)).toBe(false);
});

test.each(["foo", "...", "order:17", "%2e"])("%j can stand in a path", (itemId) => {
  expect(isPathSegment(itemId)).toBe(true);
});
