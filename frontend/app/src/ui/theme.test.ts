// The choice of light or dark, and when it is kept.
import { afterEach, expect, test } from "vitest";
import { kept } from "./kept";
import { chooseTheme, onTheme, startTheme, theme } from "./theme";

afterEach(() => {
  delete document.documentElement.dataset.theme;
});

test("without a choice the system's theme is in force", () => {
  startTheme();

  expect(theme()).toBe("light");
  expect(document.documentElement.dataset.theme).toBeUndefined();
});

test("the other theme is kept for the next visit", () => {
  chooseTheme("dark");
  delete document.documentElement.dataset.theme;
  startTheme();

  expect(theme()).toBe("dark");
});

test("choosing what the system says is following it again", () => {
  chooseTheme("dark");
  chooseTheme("light");

  expect(theme()).toBe("light");
  expect(kept("theme")).toBeNull();
});

test("a choice is reported to listeners", () => {
  const heard: string[] = [];
  const leave = onTheme(() => heard.push(theme()));
  chooseTheme("dark");
  leave();
  chooseTheme("light");

  expect(heard).toEqual(["dark"]);
});
