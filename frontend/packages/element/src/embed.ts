// The script that an Alcove server offers as /embed.js: the element, for rooms of that server.
import { defineAlcoveRoom } from "./element";

const script = document.currentScript;
if (!(script instanceof HTMLScriptElement) || script.src === "")
  throw new Error(
    'expected <script src="https://your-alcove-server/embed.js"></script>, without type="module"',
  );
defineAlcoveRoom(new URL(".", script.src));
