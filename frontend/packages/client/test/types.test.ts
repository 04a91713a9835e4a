// The types that applications build on. `npm run check` compiles this file; a wrong type fails there.
import { expectTypeOf, test } from "vitest";
import {
  type Client,
  type ClientOptions,
  type CommandError,
  createClient,
  type Json,
  type Message,
  type Room,
  type RoomListState,
  type RoomState,
  type RoomStatus,
} from "../src/index";

test("a client needs an address; its token provider may answer at once or later", () => {
  expectTypeOf(createClient).parameter(0).toEqualTypeOf<ClientOptions>();
  expectTypeOf(createClient).returns.toEqualTypeOf<Client>();
  expectTypeOf({ url: "https://alcove.example" }).toExtend<ClientOptions>();
  expectTypeOf({ url: "/", getToken: () => null }).toExtend<ClientOptions>();
  expectTypeOf({ url: "/", getToken: async () => "token" }).toExtend<ClientOptions>();
  expectTypeOf({ url: "/", getToken: () => 17 }).not.toExtend<ClientOptions>();
  expectTypeOf({}).not.toExtend<ClientOptions>();
});

test("a room sends any JSON, and delivers a message", () => {
  expectTypeOf<Room["send"]>().parameter(0).toEqualTypeOf<Json>();
  expectTypeOf<Room["send"]>().returns.toEqualTypeOf<{
    readonly id: string;
    readonly delivered: Promise<Message>;
  }>();
  expectTypeOf<Room["edit"]>().parameters.toEqualTypeOf<[seq: number, body: Json]>();
  expectTypeOf<Room["join"]>().returns.toEqualTypeOf<() => void>();
  expectTypeOf<Room["loadOlder"]>().returns.toEqualTypeOf<Promise<void>>();
  expectTypeOf<CommandError["retryMs"]>().toEqualTypeOf<number | null>();
});

test("events are typed by their name", () => {
  const on = (room: Room) => {
    room.on("message", (message) => expectTypeOf(message).toEqualTypeOf<Message>());
    // @ts-expect-error there is no such event
    room.on("messages", () => undefined);
  };
  expectTypeOf(on).toBeFunction();
});

test("states cannot be changed by the application", () => {
  expectTypeOf<RoomState["messages"]>().toEqualTypeOf<readonly Message[]>();
  expectTypeOf<RoomState["reads"]>().toEqualTypeOf<ReadonlyMap<string, number>>();
  expectTypeOf<RoomListState["unread"]>().toEqualTypeOf<ReadonlyMap<string, number>>();
  expectTypeOf<Message["delivery"]>().toEqualTypeOf<"queued" | "sent" | "failed">();
  expectTypeOf<"live">().toExtend<RoomStatus>();
  const change = (state: RoomState) => {
    // @ts-expect-error states are read-only
    state.status = "live";
  };
  expectTypeOf(change).toBeFunction();
});
