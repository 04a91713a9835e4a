// The shop's page of an order, as it was before: only OrderRoom is new.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { client, OrderRoom } from "./OrderRoom";

const order = location.pathname.match(/^\/orders\/([\w-]+)/)?.[1] ?? "42";

async function signOut(event) {
  const form = event.currentTarget;
  event.preventDefault();
  await client.logout();
  form.submit();
}

createRoot(document.getElementById("root")).render(
  <StrictMode>
    <main>
      <h1>Order {order}</h1>
      <OrderRoom order={order} />
      <form method="post" action="/logout" onSubmit={signOut}>
        <button type="submit">Sign out</button>
      </form>
    </main>
  </StrictMode>,
);
