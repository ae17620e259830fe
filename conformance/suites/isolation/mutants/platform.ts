import { type Behaviour, RIGHT, type ToyInstance } from "../../toy/behaviour.ts";
import { neighboursOf, type ToyCloud } from "../../toy/cloud.ts";
import { seal } from "../../toy/objects.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** An operator sees something in a place that should not be there. */
const seeing = (
  place: string,
  lines: (instance: ToyInstance, cloud: ToyCloud) => readonly string[],
): Partial<Behaviour> => ({
  look: (name, instance, cloud) => [
    ...RIGHT.look(name, instance, cloud),
    ...(name === place ? lines(instance, cloud) : []),
  ],
});

const goneBefore = ({ gone }: ToyCloud): readonly ToyInstance[] => [...gone.values()];
const passwordsOf = ({ bindings }: ToyInstance): readonly string[] =>
  [...bindings.values()].map(({ password }) => password);
const rowsOf = ({ store }: ToyInstance): readonly string[] =>
  [...store.tables.values()].flatMap(({ rows }) => [...rows.values()].map((row) => row.join(" ")));

/** Every password that was ever given out. */
function logging(): Partial<Behaviour> {
  return {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      cloud.logLines.push(`created user ${binding.username} with password ${binding.password}`);
    },
  };
}

const isForeign = (instance: ToyInstance, context: unknown): boolean =>
  typeof context === "object" &&
  context !== null &&
  "organization_guid" in context &&
  context.organization_guid !== instance.request["organization_guid"];

/** What platforms let through, leave lying about, or show. */
export const PLATFORM_MUTANTS: readonly DataMutant[] = [
  mutant("context-is-believed", "IS-10", "A bind opens its instance to the organization that its context names.", {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      if (isForeign(instance, binding.request?.["context"])) instance.admitted.add("outsider");
    },
  }),
  mutant("one-internal-secret", "IS-28", "All instances have the same password for replication.", {
    look: (name, instance, cloud) =>
      name === "secrets" ? ["replication the-same-for-all", `agent ${instance.id}`] : RIGHT.look(name, instance, cloud),
  }),
  mutant("passwords-are-logged", "IS-30", "The password of a binding is logged when it is made.", logging()),
  mutant(
    "anothers-logs",
    "IS-31",
    "A tenant's logs show what another one does.",
    seeing("tenant-logs", (instance, cloud) =>
      neighboursOf(cloud, instance).map(({ database }) => `connection to ${database}`),
    ),
  ),
  mutant(
    "rule-for-everybody",
    "IS-44",
    "A rule lets in every address.",
    seeing("rules", () => ["0.0.0.0/0 5432"]),
  ),
  mutant(
    "rule-for-every-port",
    "IS-44",
    "A rule opens every port.",
    seeing("rules", () => ["10.0.0.0/16 *"]),
  ),
  mutant(
    "moved-and-shut",
    "IS-45",
    "The rule of an address is not made again when a VM moves: its bindings lead nowhere.",
    {
      onMove: () => {},
    },
  ),
  mutant("moved-and-open", "IS-45", "A VM that was made again is open to everybody until its rules are there.", {
    onMove: (instance, cloud) => {
      RIGHT.onMove(instance, cloud);
      instance.admitted.add("outsider");
    },
  }),
  mutant(
    "stale-rule",
    "IS-46",
    "The rule of an address outlives its instance: whoever gets the address is open to whom the old one was.",
    {
      onProvision: (instance, cloud) => {
        if (goneBefore(cloud).some(({ host, admitted }) => host === instance.host && admitted.size > 0))
          instance.admitted.add("application");
      },
    },
  ),
  mutant("outage-keeps-the-way-open", "IS-47", "A rule that could not be removed is not tried again.", {
    onUnbind: (instance, binding, cloud) => {
      const was = [...instance.admitted];
      RIGHT.onUnbind(instance, binding, cloud);
      if (cloud.faults.has("guard-down")) for (const each of was) instance.admitted.add(each);
    },
  }),
  mutant("management-is-open", "IS-49", "A tenant's VM reaches the director.", { isManagementOpen: true }),
  mutant("name-outlives-its-instance", "IS-53", "The name of an instance stays known when it is gone.", {
    namesOutlive: true,
  }),
  mutant(
    "disk-is-not-wiped",
    "IS-55",
    "The disk of an instance that is gone is given to the next one as it was.",
    seeing("disk", (_instance, cloud) => goneBefore(cloud).flatMap(rowsOf)),
  ),
  mutant(
    "orphans-stay",
    "IS-56",
    "The group of an instance outlives it.",
    seeing("orphans", (_instance, cloud) => goneBefore(cloud).map(({ id }) => `security group guard_${id}`)),
  ),
  mutant(
    "temporary-files-stay",
    "IS-57",
    "Temporary files of an instance outlive it.",
    seeing("temporary", (_instance, cloud) => goneBefore(cloud).flatMap(rowsOf)),
  ),
  mutant(
    "one-store-for-all",
    "IS-62",
    "A tenant's VM can list the backups of all.",
    seeing("tenant-store", (_instance, { vault }) => vault.tasks().map(({ id }) => `backup ${id}`)),
  ),
  mutant("one-key-and-no-nonce", "IS-63", "Backups are sealed with one key, the same data to the same bytes.", {
    store: ({ id, instance, dump }) => ({
      name: `${instance}/${id}`,
      text: seal(JSON.stringify([...(dump?.tables ?? [])].map(([name, { rows }]) => [name, [...rows]])), "one key"),
    }),
  }),
  mutant("copy-has-the-users", "IS-65", "A restore into a new instance brings the users of the source along.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      const source = cloud.vault.tasks().find((each) => each.kind === "backup" && each.dump === dump);
      for (const [name, password] of cloud.instances.get(source?.instance ?? "")?.users ?? [])
        instance.users.set(name, password);
    },
  }),
  mutant("metadata-are-believed", "IS-66", "What the metadata of a backup say is fetched, whosever it is.", {
    verifies: ({ damage }) => damage !== "byte" && damage !== "part",
  }),
  mutant(
    "store-credentials-are-logged",
    "IS-67",
    "The credentials of the store are logged.",
    seeing("logs", () => ["PUT object with toy-access-key-of-the-store"]),
  ),
  mutant(
    "callbacks-carry-credentials",
    "IS-72",
    "The broker calls back with the credentials of bindings.",
    seeing("callbacks", (instance) => passwordsOf(instance).map((password) => `{"password":"${password}"}`)),
  ),
];
