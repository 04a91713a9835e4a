// The room that the address names, for a member; the way in for everybody else.

import { Boundary } from "alcove-react";
import { useSession } from "../session/useSession";
import { LazyPart } from "../ui/LazyPart";
import { lazyWithTexts } from "../ui/lazyWithTexts";
import { ReloadOffer } from "../ui/ReloadOffer";
import { RoomPage } from "./RoomPage";

const FirstRun = lazyWithTexts(() => import("../home/FirstRun"));

export function RoomOrLogin({ item }: { readonly item: string }) {
  const { client, credential } = useSession();
  if (client === null)
    return (
      <LazyPart>
        <FirstRun key={item} item={item} />
      </LazyPart>
    );
  return (
    <Boundary fallback={<ReloadOffer what="room" />} resetKey={`${item} ${credential?.token}`}>
      <RoomPage key={item} item={item} />
    </Boundary>
  );
}
