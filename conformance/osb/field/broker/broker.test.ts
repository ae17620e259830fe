import { describe, expect, it } from "vitest";
import { sliceOf } from "../../../../scripts/tests/slice.ts";
import type { SpecMinor } from "../../../client/spec-version.ts";
import { certifyFieldBroker } from "../../../selftest/field/certify-field-broker.ts";
import { EVERYTHING } from "./answers.ts";
import type { Behaviour } from "./behaviour.ts";
import { catalogWith, RETRIEVABLE, SCHEMAS } from "./catalog.ts";

const rich = catalogWith({ ...RETRIEVABLE, plan: { schemas: SCHEMAS, maintenance_info: { version: "1.0.0" } } });

const PLAIN: readonly (readonly [string, Behaviour])[] = [
  ["is synchronous", {}],
  ["is synchronous and retrievable", { catalog: rich }],
  ["takes seconds", { catalog: rich, asynchronous: EVERYTHING }],
  ["takes two polls", { catalog: rich, asynchronous: EVERYTHING, takes: { polls: 2 } }],
];
/** An asynchronous broker at 2.13 is a field broker: `binds-by-the-version-of-the-request`. */
const MINORS: readonly SpecMinor[] = sliceOf([17, 15, 14, 11], 2);

describe.each(PLAIN)("a field broker without a fault that %s", (_, behaviour) => {
  it.each(MINORS)(
    "is accused of nothing (2.%i)",
    async (minor) => {
      const { results } = await certifyFieldBroker(behaviour, minor);
      const accused = results.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
      expect(accused.map(({ check, reason }) => `${check.id}: ${reason ?? ""}`)).toEqual([]);
    },
    60_000,
  );
});
