import { createClient } from "alcove-client";
import { AlcoveProvider, Room } from "alcove-react";
import "alcove-react/styles.css";

const getToken = async () => (await (await fetch("/alcove-token")).json()).token;
export const client = createClient({ url: import.meta.env.VITE_ALCOVE_URL, getToken });

export function OrderRoom({ order }) {
  const room = <Room item={`order-${order}`} title={`Order ${order}`} />;
  return (
    <AlcoveProvider client={client}>
      <div style={{ height: 600 }}>{room}</div>
    </AlcoveProvider>
  );
}
