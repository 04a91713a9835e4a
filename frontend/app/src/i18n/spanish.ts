// Spanish for the page.
import { es as components } from "alcove-react/es";
import { es as page } from "./es";
import type { Language } from "./translation";

export const spanish: Language = {
  page,
  components,
  loadLater: () => import("./esLater").then(({ esLater }) => esLater),
};
