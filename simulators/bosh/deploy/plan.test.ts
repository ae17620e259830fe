import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCloudConfig } from "../configs/cloud-config.ts";
import type { ReleaseVersion, Stemcell } from "../state/artifacts.ts";
import type { Deployment, Instance } from "../state/deployments.ts";
import { createState, type DirectorState } from "../state/index.ts";
import { type Plan, planInstances } from "./plan.ts";
import { parseManifest, readManifest } from "./read-manifest.ts";
import { resolveVersions } from "../configs/deploy-configs.ts";
import { bindReleases, resolveManifest } from "./references.ts";

const CLOUD = JSON.stringify({
  azs: [{ name: "z1" }, { name: "z2" }, { name: "z3" }],
  vm_types: [{ name: "small" }],
  networks: [
    {
      name: "default",
      subnets: [
        { range: "10.0.0.0/24", gateway: "10.0.0.1", azs: ["z1", "z2", "z3"], static: ["10.0.0.100-10.0.0.109"] },
      ],
    },
  ],
  compilation: { workers: 1, network: "default", az: "z1", vm_type: "small" },
});

const release = (version: string): ReleaseVersion => {
  const part = { fingerprint: version, sha1: "", blobId: "", version };
  const job = {
    ...part,
    id: 1,
    name: "web",
    packages: [],
    spec: {},
    properties: {},
    templates: [],
    monit: "",
    consumes: [],
    provides: [],
  };
  return {
    name: "demo",
    version,
    row: 1,
    isComplete: true,
    commitHash: "",
    uncommittedChanges: false,
    jobs: [job],
    packages: [],
    compiled: new Map(),
  };
};

const stemcell = (version: string): Stemcell => ({
  id: 1,
  name: "tiny",
  version,
  operatingSystem: "tiny-os",
  apiVersion: 3,
  cpi: "",
  cid: version,
});

function stateOf(releases: readonly string[] = ["1"], stemcells: readonly string[] = ["1.1"]): DirectorState {
  const state = createState();
  state.releases.set("demo", releases.map(release));
  state.stemcells.push(...stemcells.map(stemcell));
  return state;
}

let ids = 0;
const instance = (more: Partial<Instance>): Instance => ({
  id: `i${ids++}`,
  row: 1,
  deployment: "x",
  group: "web",
  index: 0,
  az: "z1",
  bootstrap: false,
  state: "started",
  ignore: false,
  errand: false,
  clean: true,
  vm: null,
  disk: null,
  namedDisks: [],
  inactiveDisks: [],
  applied: { job: "a" },
  vmType: "small",
  cloudProperties: {},
  ips: [],
  pendingIps: [],
  standby: null,
  variableSet: 0,
  ...more,
});

interface GroupSpec {
  readonly name?: string;
  readonly instances: number;
  readonly azs?: readonly string[];
  readonly staticIps?: readonly string[];
  readonly migratedFrom?: readonly string[];
}

const manifestOf = (groups: readonly GroupSpec[], release = "1", stemcell = "1.1"): string =>
  JSON.stringify({
    name: "x",
    releases: [{ name: "demo", version: release }],
    stemcells: [{ alias: "default", os: "tiny-os", version: stemcell }],
    update: { canaries: 1, max_in_flight: 1, canary_watch_time: 1, update_watch_time: 1 },
    instance_groups: groups.map(({ name = "web", instances, azs = ["z1"], staticIps, migratedFrom = [] }) => ({
      name,
      instances,
      azs,
      jobs: [{ name: "web", release: "demo" }],
      vm_type: "small",
      stemcell: "default",
      networks: [{ name: "default", ...(staticIps && { static_ips: staticIps }) }],
      migrated_from: migratedFrom.map((each) => ({ name: each })),
    })),
  });

function plan(manifest: string, instances: readonly Instance[] = [], state: DirectorState = stateOf()): Plan {
  const config = parseCloudConfig([CLOUD]);
  const args = { canaries: null, maxInFlight: null, change: null };
  const fields = resolveVersions(state, readManifest(manifest), {});
  const parsed = parseManifest(fields, { state, deployment: "x", teams: [], config, args });
  bindReleases(state, parsed);
  const resolved = resolveManifest(state, "x", parsed, config, 0);
  return planInstances(state, { instances: [...instances] } satisfies Pick<Deployment, "instances">, resolved);
}

/** The one group of a plan. */
function planGroup(spec: GroupSpec, instances: readonly Instance[] = []): Plan["groups"][number] {
  const [group] = plan(manifestOf([spec]), instances).groups;
  if (group === undefined) throw new Error("the plan has no group");
  return group;
}

describe("a plan", () => {
  it("does not change its inputs", () => {
    const azs = fc.subarray(["z1", "z2", "z3"], { minLength: 1 });
    const existing = fc.array(
      fc.record({ group: fc.constantFrom("web", "old", "gone"), az: fc.constantFrom("z1", "z2", "z3") }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.nat({ max: 6 }), azs, existing, (count, zones, before) => {
        const instances = before.map((each, index) => instance({ ...each, index, bootstrap: index === 1 }));
        const state = stateOf();
        const copy = structuredClone({ state, instances });
        plan(manifestOf([{ instances: count, azs: zones, migratedFrom: ["old"] }]), instances, state);
        expect({ state, instances }).toEqual(copy);
      }),
    );
  });

  it("spreads the instances over the zones, keeps as many as possible, and uses no index twice", () => {
    const existing = fc.array(fc.constantFrom("z1", "z2", "z3"), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.nat({ max: 8 }),
        fc.subarray(["z1", "z2", "z3"], { minLength: 1 }),
        existing,
        (count, azs, zones) => {
          const instances = zones.map((az, index) => instance({ az, index }));
          const { kept, added, unneeded } = planGroup({ instances: count, azs }, instances);
          const counts = azs.map(
            (az) => [...kept.map((each) => each.instance), ...added].filter((each) => each.az === az).length,
          );
          expect(kept.length + added.length).toBe(count);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(kept.length + unneeded.length).toBe(instances.length);
          for (const az of azs) {
            const isLacking = added.some((each) => each.az === az);
            expect(isLacking && unneeded.some((each) => each.az === az)).toBe(false);
          }
          const indexes = [...kept, ...added].map(({ index }) => index);
          expect(new Set(indexes).size).toBe(indexes.length);
        },
      ),
    );
  });

  it("fills zones that have instances first, then in the order of their names", () => {
    const group = planGroup({ instances: 3, azs: ["z1", "z2"] }, [instance({ az: "z2", index: 4 })]);
    expect(group.kept.map(({ index }) => index)).toEqual([4]);
    expect(group.added.map(({ az, index }) => [az, index])).toEqual([
      ["z1", 0],
      ["z1", 1],
    ]);
  });

  it("gives new instances the lowest free indexes, including those of removed instances", () => {
    const existing = [0, 2].map((index) => instance({ index }));
    expect(planGroup({ instances: 4 }, existing).added.map(({ index }) => index)).toEqual([1, 3]);
  });

  it("removes the highest indexes of each zone first", () => {
    const existing = [
      instance({ az: "z1", index: 0 }),
      instance({ az: "z1", index: 1 }),
      instance({ az: "z1", index: 2 }),
      instance({ az: "z2", index: 3 }),
      instance({ az: "z2", index: 4 }),
    ];
    const { unneeded } = planGroup({ instances: 2, azs: ["z1", "z2"] }, existing);
    expect(unneeded.map(({ az, index }) => `${az}/${index}`)).toEqual(["z1/2", "z1/1", "z2/4"]);
  });

  it("keeps the bootstrap instance while it exists, otherwise takes the lowest index", () => {
    const existing = [instance({ index: 1 }), instance({ index: 2, bootstrap: true })];
    expect(planGroup({ instances: 3 }, existing).bootstrapIndex).toBe(2);
    expect(planGroup({ instances: 3 }, [instance({ index: 1 })]).bootstrapIndex).toBe(0);
    expect(planGroup({ instances: 0 }).bootstrapIndex).toBeUndefined();
  });

  it("takes over the instances of a group that it migrates from, under new indexes", () => {
    const existing = [
      instance({ index: 0 }),
      instance({ group: "old", index: 0 }),
      instance({ group: "old", index: 1 }),
    ];
    const { groups, removed } = plan(manifestOf([{ instances: 3, migratedFrom: ["old"] }]), existing);
    expect(groups[0]?.kept.map(({ instance: each, index }) => `${each.group} ${index}`)).toEqual([
      "web 0",
      "old 1",
      "old 2",
    ]);
    expect(removed).toEqual([]);
  });

  it("removes the instances of groups that the manifest no longer has", () => {
    const gone = instance({ group: "gone" });
    const { groups, removed } = plan(manifestOf([{ instances: 1 }]), [instance({}), gone]);
    expect([removed, groups[0]?.unneeded]).toEqual([[gone], []]);
  });

  it("takes the newest release for latest, whatever the order of uploads", () => {
    const versions = ["9", "1", "10", "10-rc.1", "2.1"];
    fc.assert(
      fc.property(fc.shuffledSubarray(versions, { minLength: versions.length }), (uploaded) => {
        const { releases } = plan(manifestOf([], "latest"), [], stateOf(uploaded));
        expect(releases.map(({ version }) => version)).toEqual(["10"]);
      }),
    );
  });

  it.each([
    ["latest", "2.10"],
    ["1.latest", "1.10"],
    ["1.9", "1.9"],
  ])("for stemcell %s uses version %s", (wanted, version) => {
    const state = stateOf(["1"], ["1.9", "2.10", "1.10", "2.9"]);
    expect(plan(manifestOf([], "1", wanted), [], state).stemcells.map((each) => each.version)).toEqual([version]);
  });

  it.each([
    ["a stemcell", manifestOf([], "1", "7"), "Stemcell version '7' for OS 'tiny-os' doesn't exist"],
    ["a release version", manifestOf([], "7"), "Release version 'demo/7' doesn't exist"],
    ["an availability zone", manifestOf([{ instances: 1, azs: ["z9"] }]), /must specify availability zone/],
    [
      "a number of static addresses other than that of its instances",
      manifestOf([{ instances: 2, staticIps: ["10.0.0.100"] }]),
      "Instance group 'web' has 2 instances but was allocated 1 static IPs in network 'default'",
    ],
    [
      "a static address outside the static ranges",
      manifestOf([{ instances: 1, staticIps: ["10.0.0.99"] }]),
      /declares static ip '10.0.0.99\/32', which belongs to no subnet/,
    ],
  ])("refuses an unknown %s", (_what, manifest, message) => {
    expect(() => plan(manifest)).toThrow(message);
  });
});
