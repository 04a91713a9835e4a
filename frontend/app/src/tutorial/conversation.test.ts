// What outlives a connection, and how long a connection lives.
import { beforeEach, expect, test } from "vitest";
import { FakeBrowser } from "../../../packages/client/test/support/doubles";
import { Conversation } from "./conversation";

const URL = "ws://here/ws";
let browser: FakeBrowser;
let conversation: Conversation;

beforeEach(() => {
  browser = new FakeBrowser();
  conversation = new Conversation(browser);
});

const texts = () => conversation.view().lines.map(({ text }) => text);

test("a disconnect loses neither the lines nor the draft, and a reconnect goes on from there", () => {
  conversation.connect(URL);
  browser.newest.accept();
  browser.newest.say("before");
  conversation.write("half a thou");
  browser.newest.end(1012);
  expect(conversation.view().draft).toBe("half a thou");
  conversation.connect(URL);
  browser.newest.accept();
  browser.newest.say("after");

  expect(texts()).toEqual(["before", "after"]);
});

test("a draft is cleared once sent, and kept when it cannot be", () => {
  conversation.write("hello");
  expect(conversation.sendDraft()).toBe(false);
  expect(conversation.view().draft).toBe("hello");
  conversation.connect(URL);
  browser.newest.accept();
  expect(conversation.sendDraft()).toBe(true);

  expect(browser.newest.sent).toEqual(["hello"]);
  expect(conversation.view().draft).toBe("");
});

test("the view is the same object until something changes", () => {
  const before = conversation.view();
  expect(conversation.view()).toBe(before);
  conversation.write("x");

  expect(conversation.view()).not.toBe(before);
});

test("listeners hear of every change until they leave", () => {
  let heard = 0;
  const leave = conversation.subscribe(() => {
    heard += 1;
  });
  conversation.write("x");
  leave();
  conversation.write("y");

  expect(heard).toBe(1);
});

test("the last to let go closes the connection", async () => {
  const first = conversation.hold();
  const second = conversation.hold();
  conversation.connect(URL);
  browser.newest.accept();
  first();
  await Promise.resolve();
  expect(browser.live).toBe(1);
  second();
  await Promise.resolve();

  expect(browser.live).toBe(0);
});

test("letting go and taking hold again in one go keeps the connection", async () => {
  const release = conversation.hold();
  conversation.connect(URL);
  release();
  conversation.hold();
  await Promise.resolve();

  expect(browser.live).toBe(1);
  expect(browser.sockets).toHaveLength(1);
});

test("lines that come within a frame are one piece of news, and none is missing from the view", () => {
  let heard = 0;
  conversation.connect(URL);
  browser.newest.accept();
  conversation.subscribe(() => {
    heard += 1;
  });
  browser.newest.say("one");
  browser.newest.say("two");
  expect(heard).toBe(0);
  expect(texts()).toEqual(["one", "two"]);
  browser.paint();
  browser.paint();

  expect(heard).toBe(1);
});
