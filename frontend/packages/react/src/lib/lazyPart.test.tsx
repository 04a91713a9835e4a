import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { lazyPart } from "./lazyPart";

const Part = () => <p>loaded</p>;

beforeEach(() => vi.useFakeTimers());

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

function make(load: () => Promise<{ default: typeof Part }>) {
  const usePart = lazyPart(load);
  return function Holder() {
    const Loaded = usePart(true);
    return Loaded && <Loaded />;
  };
}

/** Draw what needs a part while the server is away; returns the function that brings the server back. */
async function drawWhileAway(): Promise<() => void> {
  let isAway = true;
  const Holder = make(() =>
    isAway ? Promise.reject(new TypeError("away")) : Promise.resolve({ default: Part }),
  );
  render(<Holder />);
  await wait(0);
  return () => {
    isAway = false;
  };
}

async function wait(ms: number) {
  await act(() => vi.advanceTimersByTimeAsync(ms));
}

test("many that need a part share one attempt", async () => {
  const load = vi.fn(() => Promise.resolve({ default: Part }));
  const Holder = make(load);

  render([<Holder key="a" />, <Holder key="b" />, <Holder key="c" />]);
  await wait(0);

  expect(load).toHaveBeenCalledTimes(1);
  expect(screen.getAllByText("loaded")).toHaveLength(3);
});

test("a part that could not be loaded is tried again after 1, 2 and 4 s, also by what is drawn later", async () => {
  const load = vi.fn(() => Promise.reject(new TypeError("no network")));
  const Holder = make(load);

  const { rerender } = render(<Holder key={0} />);
  for (let n = 1; n <= 35; n += 1) rerender(<Holder key={n} />);
  await wait(999);
  expect(load).toHaveBeenCalledTimes(1);
  await wait(1);
  expect(load).toHaveBeenCalledTimes(2);
  await wait(1999);
  rerender(<Holder key={36} />);
  expect(load).toHaveBeenCalledTimes(2);
  await wait(1);
  expect(load).toHaveBeenCalledTimes(3);
  await wait(4000);
  expect(load).toHaveBeenCalledTimes(4);
});

test("what waits for a part is drawn once a later attempt has it", async () => {
  const comeBack = await drawWhileAway();
  comeBack();
  await wait(1000);

  expect(screen.getByText("loaded")).toBeDefined();
});

test("a part is tried again when the browser is online", async () => {
  const comeBack = await drawWhileAway();
  comeBack();
  globalThis.dispatchEvent(new Event("online"));
  await wait(0);

  expect(screen.getByText("loaded")).toBeDefined();
});

test("a part that nothing needs any more is not tried again", async () => {
  const load = vi.fn(() => Promise.reject(new TypeError("no network")));
  const Holder = make(load);

  render(<Holder />).unmount();
  await wait(60_000);

  expect(load).toHaveBeenCalledTimes(1);
});
