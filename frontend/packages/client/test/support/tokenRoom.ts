// A room on a fake platform, for tests of token providers.
import type { CredentialReason, GetCredential } from "../../src/auth/tokens";
import { Room } from "../../src/room/room";
import { type FakeSocket, greeting } from "./doubles";
import { FakePlatform } from "./fakePlatform";

/** Joins one room with a token provider, and records why it asks for tokens. */
export class TokenRoom {
  readonly platform = new FakePlatform();
  readonly asked: CredentialReason[] = [];

  /** Join the room with a token provider. */
  enter(ask: GetCredential): Room {
    const room = new Room({
      item: "foo",
      member: "sub:ada",
      origin: { protocol: "http:", host: "here" },
      platform: this.platform,
      ask: (reason) => {
        this.asked.push(reason);
        return ask(reason);
      },
    });
    room.join();
    return room;
  }

  /** Return the state of the room after the next frame. */
  status(room: Room) {
    this.platform.browser.paint();
    return room.getState();
  }

  /** Accept the newest socket and send it `hello`, with these fields changed. */
  greet(more: object = {}): FakeSocket {
    const socket = this.platform.browser.newest;
    socket.accept();
    socket.say(JSON.stringify({ ...greeting, now: Date.now(), ...more }));
    return socket;
  }
}

/** Return a function that returns 1, 2, 3 …, one at each call. */
export function numbers(): () => number {
  let n = 0;
  return () => {
    n += 1;
    return n;
  };
}
