// The types that applications see.
import type { Room as ClientRoom, Message, RoomState } from "alcove-client";
import type { ComponentProps, ReactNode } from "react";
import { expectTypeOf, test } from "vitest";
import { type AlcoveProvider, en, type Room, type Strings, useRoom, type useRooms, useUnread } from "../src";
import { es } from "../src/es";

test("useRoom returns the state and the room, or what the selector takes", () => {
  const use = () => {
    expectTypeOf(useRoom("foo")).toEqualTypeOf<RoomState & { readonly room: ClientRoom }>();
    expectTypeOf(useRoom("foo", (state) => state.memberCount)).toEqualTypeOf<number>();
    expectTypeOf(useRoom("foo", ({ messages }) => messages.at(-1))).toEqualTypeOf<Message | undefined>();
    expectTypeOf(useUnread(["foo"])).toEqualTypeOf<ReadonlyMap<string, number>>();
    // @ts-expect-error a room has an item
    useRoom();
  };
  expectTypeOf(use).toBeFunction();
});

test("useRooms returns the list and how to load more of it", () => {
  expectTypeOf<ReturnType<typeof useRooms>["loadMore"]>().toEqualTypeOf<() => Promise<void>>();
  expectTypeOf<ReturnType<typeof useRooms>["hasMore"]>().toEqualTypeOf<boolean>();
});

test("translations have the keys of the English texts, with other texts", () => {
  expectTypeOf(en).toExtend<Strings>();
  expectTypeOf(es).toEqualTypeOf<Strings>();
  expectTypeOf({ ...en, composer: { ...en.composer, send: "Post" } }).toExtend<Strings>();
  expectTypeOf({ language: "en" }).not.toExtend<Strings>();
});

test("components require what they need, and slots get typed props", () => {
  type RoomProps = ComponentProps<typeof Room>;
  expectTypeOf<{ item: string }>().toExtend<RoomProps>();
  expectTypeOf<Record<never, never>>().not.toExtend<RoomProps>();
  expectTypeOf<Parameters<NonNullable<RoomProps["renderMessage"]>>[0]["message"]>().toEqualTypeOf<Message>();
  expectTypeOf<ReturnType<NonNullable<RoomProps["renderAvatar"]>>>().toEqualTypeOf<ReactNode>();
  expectTypeOf<ComponentProps<typeof AlcoveProvider>["theme"]>().toEqualTypeOf<
    "inherit" | "auto" | "light" | "dark" | undefined
  >();
});
