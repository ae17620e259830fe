import { expect, test } from "vitest";
import { CLAUSES } from "../conformance/osb/clauses.ts";
import { specificationUrl } from "./specification.ts";

const NEWEST_MINOR = 17;
const places = CLAUSES.flatMap(({ section, since, until }) =>
  Array.from({ length: (until ?? NEWEST_MINOR) - since + 1 }, (_, at) => [section, `osb-2.${since + at}`] as const),
);

test("every section of a clause has an address in every release in which the clause binds", () => {
  for (const [section, profile] of places) {
    const url = specificationUrl({ suite: "osb", section }, profile);
    expect(url, `${section} in ${profile}`).toMatch(
      /^https:\/\/github\.com\/openservicebrokerapi\/servicebroker\/blob\/v2\.\d\d\/(?:spec|profile)\.md#[a-z-]+$/,
    );
  }
});

test.each([
  ["Orphan Mitigation", "osb-2.13", "v2.13/spec.md#orphans"],
  ["Orphan Mitigation", "osb-2.15", "v2.15/spec.md#orphan-mitigation"],
  ["profile.md: Dashboard Client Object", "osb-2.13", "v2.13/spec.md#dashboard-client-object"],
  ["profile.md: Dashboard Client Object", undefined, "v2.17/profile.md#dashboard-client-object"],
  ["Request (Creating a Service Binding)", "osb-2.16", "v2.16/spec.md#binding"],
])("%s of %s is at %s", (section, profile, end) => {
  expect(specificationUrl({ suite: "osb", section }, profile)).toBe(
    `https://github.com/openservicebrokerapi/servicebroker/blob/${end}`,
  );
});

test("other suites, and sections that a release does not have, have no address", () => {
  expect(specificationUrl({ suite: "backup", section: "Provisioning" }, "osb-2.17")).toBeUndefined();
  expect(specificationUrl({ suite: "osb", section: "Binding Rotation" }, "osb-2.13")).toBeUndefined();
});

test.each(["valueOf", "__proto__", "constructor"])(
  "a section named %s, which a stream may contain, has no address",
  (section) => {
    expect(specificationUrl({ suite: "osb", section }, "osb-2.17")).toBeUndefined();
  },
);
