// One room, with its details beside it and the developer panel below.

import type { RoomState } from "alcove-client";
import { Room, type RoomHandle, useRoom } from "alcove-react";
import { lazy, useEffect, useRef } from "react";
import { PageHeader } from "../shell/PageHeader";
import { ONE_PANE, useMedia } from "../shell/useMedia";
import { loadFont } from "../styles/loadFont";
import { keep } from "../ui/kept";
import { LazyPart } from "../ui/LazyPart";
import { lazyWithTexts } from "../ui/lazyWithTexts";
import { useTitle } from "../ui/useTitle";
import { mayTokenHelp } from "./mayTokenHelp";
import styles from "./RoomPage.module.css";
import { RoomTools } from "./RoomTools";
import { useLinkedMessage } from "./useLinkedMessage";
import { usePanels } from "./usePanels";

const AlertRunner = lazy(() => import("../alerts/AlertRunner"));
const Details = lazyWithTexts(() => import("../details/Details"));
const DeveloperPanel = lazyWithTexts(() => import("../devtools/DeveloperPanel"));
const NoAccess = lazyWithTexts(() => import("./NoAccess"));

export function RoomPage({ item }: { readonly item: string }) {
  const room = useRef<RoomHandle>(null);
  const tools = useRef<HTMLDivElement>(null);
  const { details, developer, setDetails, setDeveloper } = usePanels(room);
  const linked = useLinkedMessage(item);
  const isCovered = useMedia(ONE_PANE) && details;

  useTitle(item);
  useEffect(() => keep("room", item), [item]);

  /** Close a panel, and move the focus from it to the button that opens it. */
  function close(panel: "details" | "developer") {
    if (panel === "details") setDetails(false);
    else setDeveloper(null);
    tools.current?.querySelector<HTMLElement>(`[aria-controls=${panel}]`)?.focus();
  }

  return (
    <div className={styles.page}>
      <FontAfterMessages item={item} />
      <div className={styles.middle} inert={isCovered}>
        <div className={styles.room}>
          <Room
            ref={room}
            item={item}
            autoFocus
            {...linked}
            renderHeader={({ status }) => (
              <PageHeader title={item} isRoom>
                {status}
                <RoomTools
                  ref={tools}
                  embed={developer === "embed"}
                  details={details}
                  onEmbed={() => setDeveloper(developer === "embed" ? null : "embed")}
                  onDetails={() => setDetails(!details)}
                />
              </PageHeader>
            )}
            renderNoAccess={(state) =>
              mayTokenHelp(state) ? (
                <LazyPart>
                  <NoAccess state={state} onEnter={() => room.current?.focus()} />
                </LazyPart>
              ) : null
            }
          />
        </div>
        {developer !== null && (
          <div id="developer" className={styles.developer}>
            <LazyPart onClose={() => close("developer")}>
              <DeveloperPanel
                item={item}
                tab={developer}
                onTab={setDeveloper}
                onClose={() => close("developer")}
              />
            </LazyPart>
          </div>
        )}
      </div>
      {details && (
        <div id="details" className={styles.details}>
          <LazyPart onClose={() => close("details")}>
            <Details
              item={item}
              developer={developer !== null}
              onDeveloper={(open) => setDeveloper(open ? "frames" : null)}
              onClose={() => close("details")}
            />
          </LazyPart>
        </div>
      )}
      <LazyPart>
        <AlertRunner item={item} />
      </LazyPart>
    </div>
  );
}

const isShown = ({ joined, messages, status }: RoomState) =>
  (joined !== null && (messages.length > 0 || joined.head === 0)) ||
  status === "noAccess" ||
  status === "ended";

/** On a slow network the font would come in the way of the first messages. */
function FontAfterMessages({ item }: { readonly item: string }) {
  const shown = useRoom(item, isShown);
  useEffect(() => {
    if (shown) loadFont();
  }, [shown]);
  return null;
}
