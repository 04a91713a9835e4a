// Gives the focus to the page's content when the element that had it is about to go away: it would fall to the body.

export function focusContent(): void {
  document.getElementById("content")?.focus({ preventScroll: true });
}
