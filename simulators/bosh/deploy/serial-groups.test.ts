import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { manifestOf, TestDirector } from "../testing/director.ts";
import { resolveAmount, resolveMaxInFlight } from "./read-update.ts";

/** Deploys groups and returns the beginnings and ends of the stages of updates, in order. */
async function updatesOf(groups: readonly { readonly name: string; readonly serial?: boolean }[]): Promise<string[]> {
  const director = new TestDirector();
  await director.ready();
  const manifest = JSON.parse(manifestOf(Object.fromEntries(groups.map(({ name }) => [name, 1])))) as {
    instance_groups: { name: string; update?: object }[];
  };
  for (const each of manifest.instance_groups) {
    const serial = groups.find(({ name }) => name === each.name)?.serial;
    if (serial !== undefined) each.update = { serial };
  }
  const { events, state } = director.deployText(JSON.stringify(manifest));
  expect(state).toBe("done");
  return events
    .filter(({ stage, state: line }) => stage === "Updating instance" && line !== "in_progress")
    .map(({ tags, state: line }) => [String(tags), String(line)].join(" "));
}

describe("instance groups", () => {
  it("are updated one after the other unless they say otherwise", async () => {
    expect(await updatesOf([{ name: "a" }, { name: "b" }])).toEqual([
      "a started",
      "a finished",
      "b started",
      "b finished",
    ]);
  });

  it("are updated together if they are adjacent and not serial", async () => {
    const updates = await updatesOf([
      { name: "a", serial: false },
      { name: "b", serial: false },
      { name: "c", serial: true },
    ]);
    expect(updates.slice(0, 2)).toEqual(["a started", "b started"]);
    expect(updates.slice(4)).toEqual(["c started", "c finished"]);
  });

  it("update their canaries alone before the rest, at most max_in_flight at once", async () => {
    const director = new TestDirector();
    await director.ready();
    const { events } = director.deployText(manifestOf({ w: 5 }, { maxInFlight: 2 }));
    const lines = events.filter(({ stage, state }) => stage === "Updating instance" && state !== "in_progress");
    expect(lines.slice(0, 2).map(({ task }) => String(task).endsWith("(canary)"))).toEqual([true, true]);
    expect(lines.filter(({ task }) => String(task).endsWith("(canary)"))).toHaveLength(2);
    let running = 0;
    const widths = lines.map(({ state }) => (running += state === "started" ? 1 : -1));
    expect(Math.max(...widths)).toBe(2);
  });
});

describe("an amount", () => {
  it.each([
    ["1", 10, 1],
    ["0", 10, 0],
    ["50%", 10, 5],
    ["25%", 10, 2],
    ["1%", 10, 0],
    ["300%", 10, 10],
    ["-1", 10, -1],
  ])("%s of %d instances is %d", (amount, size, count) => {
    expect(resolveAmount(amount, size)).toBe(count);
  });

  it("is at least one as the number of instances updated at once", () => {
    fc.assert(
      fc.property(fc.nat({ max: 100 }), fc.integer({ min: 1, max: 1000 }), (percent, size) => {
        const count = resolveMaxInFlight(`${percent}%`, size);
        expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(size);
      }),
    );
  });

  it("is refused unless it is a number or a percentage", () => {
    for (const wrong of ["some", "5 %", ""]) expect(() => resolveAmount(wrong, 3)).toThrow("cannot be calculated");
  });
});
