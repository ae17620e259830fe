import { expect, it } from "vitest";
import { Actors } from "./actors.ts";

it("nobody works once each actor has ended or waits for another", async () => {
  let stuck = 0;
  const actors = new Actors(() => void stuck++);
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = actors.act("a check", () => actors.waitFor(promise));
  await actors.act("a story", async () => expect(actors.areWorking).toBe(true));
  expect([actors.areWorking, stuck]).toEqual([false, 2]);
  resolve();
  await waiting;
  expect([actors.areWorking, stuck]).toEqual([false, 3]);
});

it("an actor that fails has ended", async () => {
  const actors = new Actors();
  await expect(actors.act("a check", () => Promise.reject(new Error("oh")))).rejects.toThrow("oh");
  expect(actors.areWorking).toBe(false);
});

it("a wait that outlasts its actor does not count as work", async () => {
  const actors = new Actors();
  const { promise, resolve } = Promise.withResolvers<void>();
  let left: Promise<void> = Promise.resolve();
  await actors.act("a check", async () => void (left = actors.waitFor(promise)));
  resolve();
  await left;
  expect(actors.areWorking).toBe(false);
});

it("the running actor is known by name, even within another", async () => {
  const actors = new Actors();
  await actors.act("outer", async () => {
    await actors.act("inner", async () => expect(actors.current).toBe("inner"));
    expect(actors.current).toBe("outer");
  });
  expect(actors.current).toBeUndefined();
});
