// The state machine of one plain-text socket.

import { closeCodes } from "alcove-client";
import { beforeEach, describe, expect, test } from "vitest";
import { FakeBrowser } from "../../../packages/client/test/support/doubles";
import { PlainSocket, type SocketState } from "./plainSocket";

let browser: FakeBrowser;
let states: SocketState["is"][];
let texts: string[];
let socket: PlainSocket;

beforeEach(() => {
  browser = new FakeBrowser();
  states = [];
  texts = [];
  socket = new PlainSocket(
    { onState: (state) => states.push(state.is), onText: (text) => texts.push(text) },
    browser.openSocket,
  );
});

function opened() {
  socket.open("ws://here/ws");
  browser.newest.accept();
  return browser.newest;
}

test("nothing is opened until asked for", () => {
  expect(socket.state).toEqual({ is: "idle" });
  expect(browser.sockets).toEqual([]);
});

test("a socket connects, opens and closes", () => {
  opened().end(1000);

  expect(states).toEqual(["connecting", "open", "closed"]);
});

test("opening twice opens one socket", () => {
  opened();
  socket.open("ws://here/ws");

  expect(browser.sockets).toHaveLength(1);
});

test("texts arrive in order", () => {
  const wire = opened();
  wire.say("one");
  wire.say("two");

  expect(texts).toEqual(["one", "two"]);
});

test("binary is not taken for text", () => {
  opened().say(new ArrayBuffer(3));

  expect(texts).toEqual([]);
});

describe("sending", () => {
  test("goes out while open", () => {
    const wire = opened();

    expect(socket.send("hello")).toBe(true);
    expect(wire.sent).toEqual(["hello"]);
  });

  test("is refused before there is a socket, while connecting, and after the end", () => {
    expect(socket.send("idle")).toBe(false);
    socket.open("ws://here/ws");
    expect(socket.send("connecting")).toBe(false);
    browser.newest.accept();
    browser.newest.end(1006);
    expect(socket.send("closed")).toBe(false);

    expect(browser.newest.sent).toEqual([]);
  });

  test("is refused while the browser is closing and would swallow it", () => {
    opened().startClosing();

    expect(socket.send("lost")).toBe(false);
  });
});

describe("why it closed", () => {
  test("a handshake that fails is a refusal, and promises nothing about the next", () => {
    socket.open("ws://here/ws");
    browser.newest.end(1006);

    expect(socket.state).toEqual({ is: "closed", code: 1006, reason: "", why: "refused", again: false });
  });

  test("a cut after opening is a loss", () => {
    opened().end(1006);

    expect(socket.state).toEqual({ is: "closed", code: 1006, reason: "", why: "lost", again: true });
  });

  test.each([...closeCodes])("code %i is what the table says", (code, { meaning, again }) => {
    opened().end(code, "words");

    expect(socket.state).toEqual({ is: "closed", code, reason: "words", why: meaning, again });
  });

  test("a code outside the table is named as such", () => {
    opened().end(4999);

    expect(socket.state).toEqual({ is: "closed", code: 4999, reason: "", why: "other", again: false });
  });
});

describe("closing", () => {
  test("is reported at once and closes the socket", () => {
    opened();
    socket.close();

    expect(socket.state).toEqual({ is: "closed", code: 1000, reason: "", why: "asked", again: true });
    expect(browser.live).toBe(0);
  });

  test("waits for a socket that is still connecting, and says so at once", () => {
    socket.open("ws://here/ws");
    const connecting = browser.newest;
    socket.close();
    expect(socket.state.is).toBe("closed");
    expect(browser.live).toBe(1);

    connecting.accept();

    expect(browser.live).toBe(0);
    expect(states).toEqual(["connecting", "closed"]);
  });

  test("silences the old socket, so that its end does not close the new one", () => {
    const old = opened();
    socket.close();
    opened();
    old.say("late");
    old.end(1000);

    expect(socket.state).toEqual({ is: "open" });
    expect(texts).toEqual([]);
  });

  test("does nothing without a socket", () => {
    socket.close();

    expect(states).toEqual([]);
  });
});
