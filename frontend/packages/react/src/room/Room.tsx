// A room, ready-made: header, log, typing line and composer.

import type { Client, RoomState } from "alcove-client";
import { forwardRef, type ReactNode, type Ref, useImperativeHandle } from "react";
import { Composer } from "../composer/Composer";
import { useWriting } from "../composer/useWriting";
import { TypingLine } from "../members/Members";
import { Announcer } from "../messages/Announcer";
import type { MessageSlots } from "../messages/Message";
import { RoomLog } from "../messages/RoomLog";
import { useAlcoveContext, useRootProps } from "../provider";
import { useJoinedRoom, useRoomState } from "../useRoom";
import styles from "./Room.module.css";
import { RoomStatus } from "./RoomStatus";

export type HeaderSlotProps = {
  readonly item: string;
  readonly state: RoomState;
  /** Whether the room is live, in words; a header must show it. */
  readonly status: ReactNode;
};

export type RoomProps = MessageSlots & {
  readonly item: string;
  /** What the default header shows; the item by default. */
  readonly title?: string;
  /** Hides the composer. */
  readonly readOnly?: boolean;
  readonly renderHeader?: (props: HeaderSlotProps) => ReactNode;
  /** Renders a way back in, between log and composer, where `status` is `noAccess`, `ended` or `signedOut`. */
  readonly renderNoAccess?: (state: RoomState) => ReactNode;
  readonly className?: string;
};

/** What a `ref` of a room offers. */
export type RoomHandle = {
  /** Move the focus into the composer. */
  readonly focus: () => void;
  /** Show the newest message. */
  readonly scrollToEnd: () => void;
};

/** The room of an item; it fills the height of its container. Another item begins from nothing. */
export const Room = forwardRef<RoomHandle, RoomProps>(function Room(props, ref) {
  const { client } = useAlcoveContext();
  return <RoomOfItem key={`${numberOf(client)} ${props.item}`} {...props} handle={ref} />;
});

type RoomOfItemProps = RoomProps & { readonly handle: Ref<RoomHandle> };

function RoomOfItem(props: RoomOfItemProps) {
  const { item, title = item, readOnly = false, handle, className } = props;
  const { renderHeader, renderNoAccess, renderMessage, renderAvatar } = props;
  const room = useJoinedRoom(item);
  const state = useRoomState(room);
  const { field, actions, composer, scrollToEnd, endRequests } = useWriting(room, state);
  const root = useRootProps(`${styles.room} ${className ?? ""}`);
  const status = <RoomStatus room={room} state={state} onReconnect={() => field.current?.focus()} />;

  useImperativeHandle(handle, () => ({ focus: () => field.current?.focus(), scrollToEnd }), [
    field,
    scrollToEnd,
  ]);

  return (
    <section {...root}>
      <div className={styles.header}>
        {renderHeader === undefined ? (
          <div className={styles.heading}>
            <h2 className={styles.title} dir="auto" title={title}>
              {title}
            </h2>
            {status}
          </div>
        ) : (
          renderHeader({ item, state, status })
        )}
      </div>
      <RoomLog
        room={room}
        state={state}
        actions={actions}
        endRequests={endRequests}
        renderMessage={renderMessage}
        renderAvatar={renderAvatar}
      />
      <TypingLine typing={state.typing} />
      {hasNoAccess(state) && renderNoAccess?.(state)}
      {!readOnly && (
        <div className={styles.composer}>
          <Composer
            {...composer}
            status={state.status}
            limit={state.limits?.body_bytes ?? null}
            mayWrite={mayWrite(state)}
          />
        </div>
      )}
      <Announcer room={room} />
    </section>
  );
}

/** Events themselves may only read, and do not tell what the member may do over HTTP. */
function mayWrite({ transport, me }: RoomState): boolean {
  return transport === "events" || me === null || me.can.includes("write");
}

function hasNoAccess({ status }: RoomState): boolean {
  return status === "noAccess" || status === "ended" || status === "signedOut";
}

const numbers = new WeakMap<Client, number>();
let clients = 0;

/** Return a number that tells the clients of a page apart: what a member writes must not stay for another one. */
function numberOf(client: Client): number {
  const known = numbers.get(client) ?? ++clients;
  numbers.set(client, known);
  return known;
}
