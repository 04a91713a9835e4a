// An event of the application: a line without an author.
import type { Message } from "alcove-client";
import { Clock } from "./Clock";
import styles from "./EventLine.module.css";
import { eventText } from "./summary";

export function EventLine({ message }: { readonly message: Message }) {
  return (
    <p className={styles.event}>
      <span>{eventText(message.body)}</span>
      <Clock at={message.at} />
    </p>
  );
}
