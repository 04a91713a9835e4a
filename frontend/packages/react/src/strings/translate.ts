// Returns texts of one language by typed keys: plural forms by `Intl.PluralRules`, values in {{braces}}.

/** The same keys as `Texts`, with any text. */
export type TextsLike<Texts> = {
  readonly [K in keyof Texts]: Texts[K] extends string ? string : TextsLike<Texts[K]>;
};

type Base<K extends string> = K extends `${infer B}_one` | `${infer B}_other` ? B : K;

/** The path of a text, as `room.unread`; the forms of a plural are one key. */
export type Key<Texts, Path extends string = ""> = {
  readonly [K in keyof Texts & string]: Texts[K] extends string
    ? `${Path}${Base<K>}`
    : Key<Texts[K], `${Path}${K}.`>;
}[keyof Texts & string];

/** What replaces the names in braces; `count` also chooses the plural form. */
export type Values = { readonly count?: number } & Readonly<Record<string, string | number>>;

export type Translate<Texts> = (key: Key<Texts>, values?: Values) => string;

/** Return the function that translates keys of `texts`, which are in `language`. */
export function createTranslate<Texts extends object>(
  language: string,
  texts: TextsLike<Texts>,
): Translate<Texts> {
  const plurals = new Intl.PluralRules(language);
  const numbers = new Intl.NumberFormat(language);
  return (key, values = {}) => {
    const form = values.count === undefined ? null : plurals.select(values.count);
    const text =
      (form && (find(texts, `${key}_${form}`) ?? find(texts, `${key}_other`))) ?? find(texts, key) ?? key;
    return fill(text, values, numbers);
  };
}

function find(texts: object, key: string): string | null {
  let found: unknown = texts;
  for (const step of key.split("."))
    found =
      typeof found === "object" && found !== null ? (found as Record<string, unknown>)[step] : undefined;
  return typeof found === "string" ? found : null;
}

/** Numbers are grouped as the language does; what is no quantity comes as text. */
function fill(text: string, values: Values, numbers: Intl.NumberFormat): string {
  const [first = "", ...rest] = text.split("{{");
  return rest.reduce((done, piece) => {
    const end = piece.indexOf("}}");
    const value = values[piece.slice(0, end)] ?? "";
    return done + (typeof value === "number" ? numbers.format(value) : value) + piece.slice(end + 2);
  }, first);
}
