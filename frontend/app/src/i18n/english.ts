// English for the page.
import { en as components } from "alcove-react";
import { en as page } from "./en";
import type { Language } from "./translation";

export const english: Language = {
  page,
  components,
  loadLater: () => import("./enLater").then(({ enLater }) => enLater),
};
