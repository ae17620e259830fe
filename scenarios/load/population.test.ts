import fc from "fast-check";
import { expect, it } from "vitest";
import { type LoadInstance, Population } from "./population.ts";

it("leases each idle instance once, and none that is in use, whatever is drawn", () => {
  const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
    minLength: 1,
    maxLength: 40,
  });
  const steps = fc.array(fc.constantFrom("add", "lease", "give back"), { maxLength: 60 });
  fc.assert(
    fc.property(draws, steps, (drawn, sequence) => {
      let at = 0;
      const population = new Population("0000000a", () => drawn[at++ % drawn.length] ?? 0);
      const inUse = new Set<LoadInstance>();
      const giveBack = (): void => {
        const [first] = inUse;
        if (first === undefined) return;
        inUse.delete(first);
        first.isBusy = false;
      };
      for (const step of sequence) {
        if (step === "add") inUse.add(population.add());
        if (step === "give back") giveBack();
        if (step !== "lease") continue;
        const leased = population.lease(() => true);
        expect(leased === undefined).toBe(inUse.size === population.instances.length);
        if (leased === undefined) continue;
        expect(inUse.has(leased)).toBe(false);
        inUse.add(leased);
      }
    }),
  );
});
