// All English texts of the page.
import { en as components } from "alcove-react";
import { en as page } from "./en";
import type { Language } from "./translation";

export const english: Language = { page, components };
