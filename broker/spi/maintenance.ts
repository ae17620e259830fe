import Type, { type Static } from "typebox";
import { parserOf } from "../json.ts";

const Text = Type.String({ minLength: 1 });

/** The schema of `Maintenance`. */
export const MaintenanceSchema = Type.Object(
  {
    version: Type.String({ pattern: String.raw`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$` }),
    description: Text,
    stemcell: Type.Object({ os: Text, version: Text }, { additionalProperties: false }),
    releases: Type.Record(Type.String(), Text),
  },
  { additionalProperties: false },
);

/**
 * What instances are made of: a stemcell and releases by their exact versions, so that only maintenance changes them. `version` is what platforms
 * see (OSB, "Maintenance Info Object"), by semantic versioning.
 */
export type Maintenance = Static<typeof MaintenanceSchema>;

/** The release of the agents that register instances. */
export const RELEASE_OF_CONSUL = "consul-dns";
/** The release of a data service. */
export const releaseOf = (kind: string): string => `a9s-${kind}`;

/** The default of a configuration: the first release of everything. */
export const firstMaintenance = (kind: string): Maintenance => ({
  version: "1.0.0",
  description: "The first release.",
  stemcell: { os: "ubuntu-jammy", version: "1.500" },
  releases: { [releaseOf(kind)]: "1", [RELEASE_OF_CONSUL]: "1" },
});

const parse = parserOf("the maintenance of an instance", MaintenanceSchema);

/**
 * The releases and stemcell of an instance according to its record; records of earlier brokers have none,
 * which stands for those deployed now.
 */
export const maintenanceOf = (text: string, current: Maintenance): Maintenance => (text === "" ? current : parse(text));

/** Whether both consist of the same things; the description is only for people. */
export const isSameMaintenance = (a: Maintenance, b: Maintenance): boolean => a.version === b.version;
