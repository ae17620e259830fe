import fc from "fast-check";
import { expect, it } from "vitest";
import { Gate } from "./gate.ts";

it("never exceeds its limit, and lets everything through in the end, even after errors", async () => {
  const requests = fc.array(fc.record({ isUrgent: fc.boolean(), turns: fc.nat(3), fails: fc.boolean() }));
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), requests, async (max, sent) => {
      const gate = new Gate(max);
      let open = 0;
      let most = 0;
      const passing = sent.map(({ isUrgent, turns, fails }) =>
        gate.pass(isUrgent, async () => {
          most = Math.max(most, ++open);
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          open--;
          if (fails) throw new Error("no answer");
        }),
      );
      const ends = await Promise.allSettled(passing);
      expect(ends.map(({ status }) => status)).toEqual(sent.map(({ fails }) => (fails ? "rejected" : "fulfilled")));
      expect(most).toBeLessThanOrEqual(max);
    }),
  );
});

it("lets urgent requests pass before those that can wait, each in order of arrival", async () => {
  const gate = new Gate(1);
  const sent: string[] = [];
  const send = (name: string) => async () => void sent.push(name);
  await Promise.all([
    gate.pass(false, send("first")),
    gate.pass(false, send("patient 1")),
    gate.pass(true, send("urgent 1")),
    gate.pass(false, send("patient 2")),
    gate.pass(true, send("urgent 2")),
  ]);
  expect(sent).toEqual(["first", "urgent 1", "urgent 2", "patient 1", "patient 2"]);
});
