/** A rule of the director: one place in its source that refuses something, and the smallest input that gets there. */
export interface Rule {
  /** The file below bosh-director's lib/bosh/director. */
  readonly source: string;
  /** The class of the error; `RuntimeError` for one without a code. */
  readonly error: string;
  readonly code: number;
  /** The whole text for this input. */
  readonly text: string;
  readonly of: "manifest" | "cloud" | "runtime";
  /** How the input differs from one that is accepted, by path; `undefined` takes a part away. */
  readonly change: Readonly<Record<string, unknown>>;
}

/** A manifest that is accepted. */
export const MANIFEST = {
  name: "x",
  releases: [{ name: "demo", version: "1" }],
  stemcells: [{ alias: "default", os: "tiny-os", version: "1.1" }],
  update: { canaries: 1, max_in_flight: 1, canary_watch_time: "500-5000", update_watch_time: "500-5000" },
  instance_groups: [
    {
      name: "w",
      instances: 1,
      azs: ["z1"],
      jobs: [{ name: "smoke", release: "demo" }],
      vm_type: "small",
      stemcell: "default",
      networks: [{ name: "default" }],
    },
  ],
};

/** A cloud config that is accepted. */
export const CLOUD = {
  azs: [{ name: "z1" }, { name: "z2" }],
  vm_types: [{ name: "small" }, { name: "large" }],
  vm_extensions: [{ name: "public" }],
  disk_types: [
    { name: "d1", disk_size: 1024 },
    { name: "d2", disk_size: 2048 },
  ],
  networks: [
    {
      name: "default",
      type: "manual",
      subnets: [
        { range: "10.10.1.0/24", gateway: "10.10.1.1", az: "z1", static: ["10.10.1.100-10.10.1.110"] },
        { range: "10.10.2.0/24", gateway: "10.10.2.1", az: "z2" },
      ],
    },
    { name: "second", type: "manual", subnets: [{ range: "10.10.4.0/24", gateway: "10.10.4.1", az: "z1" }] },
    { name: "dynamic", type: "dynamic" },
    { name: "vip", type: "vip" },
    { name: "pool", type: "vip", subnets: [{ azs: ["z1"], static: ["1.2.3.4"] }] },
  ],
  compilation: { workers: 2, az: "z1", network: "default", vm_type: "small" },
};

/** A runtime config that is accepted. */
export const RUNTIME = {
  releases: [{ name: "demo", version: "1" }],
  addons: [{ name: "a", jobs: [{ name: "smoke", release: "demo" }], include: { deployments: ["nosuch"] } }],
};

/** A copy of a document with parts changed, by paths such as `instance_groups.0.name`. */
export function applyChange(base: object, change: Rule["change"]): unknown {
  const copy = structuredClone(base);
  for (const [path, value] of Object.entries(change)) {
    const keys = path.split(".");
    const last = keys.pop() ?? "";
    let at: unknown = copy;
    for (const key of keys) at = Reflect.get(Object(at), key);
    if (value === undefined) Reflect.deleteProperty(Object(at), last);
    else Reflect.set(Object(at), last, value);
  }
  return copy;
}

/** A row of a table of rules: error, code, text, change. */
type Row = readonly [error: string, code: number, text: string, change: Rule["change"]];

/** The rules of one file of the director. */
export const rulesOf = (
  source: string,
  rows: readonly Row[],
  of: NonNullable<Rule["of"]> = "manifest",
): readonly Rule[] => rows.map(([error, code, text, change]) => ({ source, error, code, text, of, change }));
