// One line of the log.
import type { RoomState } from "alcove-client";
import type { Editor } from "../composer/useWriting";
import { Boundary } from "../lib/Boundary";
import { useAlcoveContext } from "../provider";
import type { MessageActions } from "./actions";
import { DayDivider, Note } from "./Divider";
import { EventLine } from "./EventLine";
import type { Line } from "./lines";
import { Message, type MessageSlots } from "./Message";

type LogLineProps = {
  readonly line: Line;
  readonly me: RoomState["me"];
  readonly actions: MessageActions;
  readonly editor: Editor | null;
  readonly isStop: boolean;
  readonly linked: number | null;
  readonly slots: MessageSlots;
};

export function LogLine({ line, me, actions, editor, isStop, linked, slots }: LogLineProps) {
  const { t } = useAlcoveContext();
  switch (line.type) {
    case "day":
      return <DayDivider at={line.at} />;
    case "unread":
      return <Note strong>{t("room.unread")}</Note>;
    case "gap":
      return <Note>{t("room.gap")}</Note>;
    case "reset":
      return <Note>{t("room.reset")}</Note>;
    case "event":
      return <EventLine message={line.message} />;
    case "message":
      return (
        <Boundary fallback={<Note>{t("message.unreadable")}</Note>} resetKey={line.message}>
          <Message
            message={line.message}
            line={line.key}
            follows={line.follows}
            me={me}
            actions={actions}
            editor={editor}
            isStop={isStop}
            isLinked={linked !== null && line.message.seq === linked}
            {...slots}
          />
        </Boundary>
      );
  }
}
