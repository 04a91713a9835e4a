// The shape of the texts in any language.
import type { en } from "./en";
import type { TextsLike, Translate } from "./translate";

/** All texts of the components. Replace some with `{ ...en, composer: { ...en.composer, send: "Post" } }`. */
export type Strings = TextsLike<typeof en>;

/** Returns a text of the components by its key. */
export type T = Translate<typeof en>;
