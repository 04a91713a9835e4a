// The choice of light or dark, and when it is kept.
import { afterEach, expect, test } from "vitest";
import { kept } from "./kept";
import { chooseTheme, onTheme, startTheme, themeChoice } from "./theme";

afterEach(() => {
  chooseTheme("system");
});

test("without a choice the system's theme is in force", () => {
  startTheme();

  expect(themeChoice()).toBe("system");
  expect(document.documentElement.dataset.theme).toBeUndefined();
});

test("a theme is kept for the next visit", () => {
  chooseTheme("dark");
  delete document.documentElement.dataset.theme;
  startTheme();

  expect(themeChoice()).toBe("dark");
});

test("choosing the system is following it again", () => {
  chooseTheme("dark");
  chooseTheme("system");

  expect(themeChoice()).toBe("system");
  expect(kept("theme")).toBeNull();
});

test("a choice is reported to listeners", () => {
  const heard: string[] = [];
  const leave = onTheme(() => heard.push(themeChoice()));
  chooseTheme("dark");
  leave();
  chooseTheme("light");

  expect(heard).toEqual(["dark"]);
});
