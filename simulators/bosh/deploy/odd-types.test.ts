import { beforeAll, describe, expect, it } from "vitest";
import { applyChange, CLOUD, MANIFEST, type Rule } from "../rules/rule.ts";
import { TestDirector } from "../testing/director.ts";

const director = new TestDirector();

beforeAll(() => director.ready());

/* Values of a type that a place does not expect, and what upstream's parsers answered to exactly these inputs. */

const [GROUP, JOB] = ["instance_groups.0", "instance_groups.0.jobs.0"];
const provider = (properties: unknown): object => ({ name: "a", type: "b", properties });
const INDEXED = "no implicit conversion of String into Integer";

const MANIFESTS: readonly (readonly [change: Rule["change"], code: number, text: string])[] = [
  [{ releases: -1 }, 100, "undefined method 'to_a' for an instance of Integer"],
  [{ stemcells: 1.5 }, 100, "undefined method 'to_a' for an instance of Float"],
  [{ "releases.0.version": [5] }, 30010, "Release version invalid: [5]"],
  [{ [`${JOB}.custom_provider_definitions`]: [5] }, 100, INDEXED],
  [{ [`${JOB}.custom_provider_definitions`]: [["x"]] }, 100, INDEXED],
  [{ [`${JOB}.custom_provider_definitions`]: [null] }, 100, "undefined method '[]' for nil"],
  [
    { [`${JOB}.custom_provider_definitions`]: [provider(5)] },
    100,
    "undefined method 'each' for an instance of Integer",
  ],
  [{ [`${JOB}.custom_provider_definitions`]: [provider([null])] }, 100, "undefined method 'split' for nil"],
  [
    { [`${JOB}.custom_provider_definitions`]: [provider([[]])] },
    100,
    "Link property [] in template smoke is not defined in release spec",
  ],
  [{ [`${GROUP}.migrated_from`]: [null] }, 100, "undefined method '[]' for nil"],
  [{ [`${GROUP}.migrated_from`]: [[]] }, 100, INDEXED],
  [
    { [`${GROUP}.networks.0.default`]: [{}] },
    150003,
    "Instance group 'w' specified an invalid default network property '{}', valid properties are: dns, gateway",
  ],
  [
    { addons: [{ name: "a", jobs: [], include: { stemcell: [null] } }] },
    530005,
    "Stemcell  in deployment config's include section must have an os name.",
  ],
];

const CLOUDS: readonly (readonly [change: Rule["change"], code: number, text: string])[] = [
  // Lists within the lists are taken for parts of these.
  [{ "azs.0": ["x"] }, 40000, "Object (\"x\") did not match the required type 'Hash'"],
  [{ "networks.2.subnets": [5] }, 100, INDEXED],
  [{ "networks.2.subnets": { a: 1 } }, 100, INDEXED],
];

/** What the deploy of a manifest answers under a cloud config. */
function refusalOf(cloud: unknown, manifest: unknown): unknown {
  director.json("POST", "/configs", { type: "cloud", name: "default", content: JSON.stringify(cloud) });
  const { events } = director.deployText(JSON.stringify(manifest));
  return events.findLast(({ error }) => error !== undefined)?.error;
}

describe("a value of a type that nobody expects", () => {
  it.each(MANIFESTS)("in a manifest: %j", (change, code, message) => {
    expect(refusalOf(CLOUD, applyChange(MANIFEST, change))).toEqual({ code, message });
  });

  it.each(CLOUDS)("in a cloud config: %j", (change, code, message) => {
    expect(refusalOf(applyChange(CLOUD, change), MANIFEST)).toEqual({ code, message });
  });

  it("makes a dynamic network without subnets, which serves no zone but breaks no other network", () => {
    expect(refusalOf(applyChange(CLOUD, { "networks.2.subnets": {} }), MANIFEST)).toBeUndefined();
  });
});
