// A room, ready-made: header, log and composer.

import type { Client, RoomState } from "alcove-client";
import { forwardRef, type ReactNode, type Ref, useImperativeHandle, useRef, useState } from "react";
import { Composer } from "../composer/Composer";
import { Strip, StripButton } from "../composer/Strip";
import { useTypeAnywhere } from "../composer/useTypeAnywhere";
import { useWriting } from "../composer/useWriting";
import hidden from "../lib/hidden.module.css";
import { lazyPart } from "../lib/lazyPart";
import { useKeptFocus } from "../lib/useKeptFocus";
import { Announcer } from "../messages/Announcer";
import type { MessageSlots } from "../messages/Message";
import { RoomLog } from "../messages/RoomLog";
import { useAlcoveContext, useRootProps } from "../provider";
import { useJoinedRoom, useRoomState } from "../useRoom";
import { FootLine } from "./FootLine";
import { Notice } from "./Notice";
import styles from "./Room.module.css";
import { RoomStatus } from "./RoomStatus";
import { noAccessText, statusText, warningText } from "./status";

const useNoAccess = lazyPart(() => import("./NoAccess"));

export type HeaderSlotProps = {
  readonly item: string;
  readonly state: RoomState;
  /** Whether the room is live: a lamp and a word. */
  readonly status: ReactNode;
};

export type RoomProps = MessageSlots & {
  readonly item: string;
  /** What the room is called in its header and its composer; the item by default. */
  readonly title?: string;
  /** Hides the composer. */
  readonly readOnly?: boolean;
  /**
   * The room is what the page is about: where there is a mouse, its composer has the focus from the start, and gets what
   * is typed while nothing else takes it.
   */
  readonly autoFocus?: boolean;
  /** Returns the address of a message, for “Copy link”; without it there is none. */
  readonly messageHref?: (seq: number) => string;
  /** The number of a message that is shown, marked and focused, as soon as it is loaded. */
  readonly message?: number | null;
  readonly renderHeader?: (props: HeaderSlotProps) => ReactNode;
  /** Renders a way to sign in again, behind the reason, while `status` is `noAccess`, `ended` or `signedOut`. */
  readonly renderNoAccess?: (state: RoomState) => ReactNode;
  readonly className?: string;
};

/** The methods of a room's `ref`. */
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
  const { item, title = item, readOnly = false, autoFocus = false, handle, className } = props;
  const { messageHref, message = null, renderHeader, renderNoAccess, renderMessage, renderAvatar } = props;
  const { t } = useAlcoveContext();
  const room = useJoinedRoom(item);
  const state = useRoomState(room);
  const writing = useWriting(room, state, { messageHref });
  const { field, actions, composer, editor, mayWrite, scrollToEnd, endRequests } = writing;
  const root = useRootProps(`${styles.room} ${className ?? ""}`);
  const status = <RoomStatus state={state} />;
  const noAccess = noAccessText(state, t);
  const NoAccess = useNoAccess(noAccess !== null);
  const warning = warningText(state, t);
  const limit = state.limits?.body_bytes ?? null;

  useImperativeHandle(handle, () => ({ focus: () => field.current?.focus(), scrollToEnd }), [
    field,
    scrollToEnd,
  ]);
  useTypeAnywhere(field, autoFocus);
  const [atBottom, setAtBottom] = useState(true);
  const section = useRef<HTMLElement>(null);
  useKeptFocus(section, () => field.current);

  return (
    <section ref={section} {...root} aria-label={title}>
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
        editor={editor}
        linked={message}
        endRequests={endRequests}
        onBottom={setAtBottom}
        renderMessage={renderMessage}
        renderAvatar={renderAvatar}
      />
      <div className={styles.foot}>
        <FootLine state={state} text={composer.text} limit={limit} atBottom={atBottom} />
        <div className={hidden.hidden} role="status">
          <span>{warning ?? statusText(state, t)}</span>
          {noAccess !== null && <span>{` · ${noAccess}`}</span>}
          {!state.durable && <span>{` · ${t("status.notDurable")}`}</span>}
        </div>
        {warning !== null && (
          <Strip text={warning} warning>
            <StripButton
              label={t("status.retryNow")}
              onPress={() => {
                // The button goes away once the room is live.
                field.current?.focus();
                room.reconnect();
              }}
            />
          </Strip>
        )}
        {/* One strip at a time: the status, for screen readers, has both. */}
        {warning === null && !state.durable && <Strip text={t("status.notDurable")} />}
        {noAccess !== null && NoAccess === null ? (
          <Notice text={noAccess} />
        ) : noAccess !== null && NoAccess !== null ? (
          <NoAccess room={room} state={state} text={noAccess}>
            {renderNoAccess?.(state)}
          </NoAccess>
        ) : readOnly ? null : mayWrite ? (
          <Composer
            {...composer}
            title={title}
            limit={limit}
            strip={editor.editing !== null && <Strip text={t("composer.editing")} />}
          />
        ) : (
          <Notice text={t("composer.readOnly")} />
        )}
      </div>
      <Announcer room={room} />
    </section>
  );
}

const numbers = new WeakMap<Client, number>();
let clients = 0;

/** Return a number that distinguishes the clients of a page: one member's draft must not be shown to another. */
function numberOf(client: Client): number {
  const known = numbers.get(client) ?? ++clients;
  numbers.set(client, known);
  return known;
}
