// Whether a text may have Markdown in it: only then the parser is loaded.

/** Each begins some Markdown, or an address. */
const MARKS = ["*", "_", "`", "~~", "](", "://", ">", "- ", "+ ", "\\"] as const;
/** A line of a numbered list. */
const NUMBERED = /^ {0,3}\d{1,9}[.)] /mu;

export function hasMarks(text: string): boolean {
  return MARKS.some((mark) => text.includes(mark)) || NUMBERED.test(text);
}
