// What can be done beside a room, below its members: in one file, which is loaded after the room itself.
import { Alerts } from "../alerts/Alerts";
import { SaveConversation } from "../save/SaveConversation";
import { SignOut } from "../session/SignOut";

export default function RoomSide({ item }: { readonly item: string }) {
  return (
    <>
      <Alerts item={item} />
      <SaveConversation item={item} />
      <SignOut item={item} />
    </>
  );
}
