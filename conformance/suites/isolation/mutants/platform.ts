import { type Behaviour, RIGHT, type ToyInstance } from "../../toy/behaviour.ts";
import { neighboursOf, type ToyCloud } from "../../toy/cloud.ts";
import { seal } from "../../toy/objects.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";

/** Adds something that should not be in a place that the operator sees. */
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

/** Every password that was ever issued. */
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

/** Things that platforms let through, leave behind, or show. */
export const PLATFORM_MUTANTS: readonly DataMutant[] = [
  mutant("IS-10", "context-is-believed", "A bind opens its instance to the organization that its context names.", {
    onBind: (instance, binding, cloud) => {
      RIGHT.onBind(instance, binding, cloud);
      if (isForeign(instance, binding.request?.["context"])) instance.admitted.add("outsider");
    },
  }),
  mutant("IS-28", "one-internal-secret", "All instances have the same password for replication.", {
    look: (name, instance, cloud) =>
      name === "secrets" ? ["replication the-same-for-all", `agent ${instance.id}`] : RIGHT.look(name, instance, cloud),
  }),
  mutant("IS-30", "passwords-are-logged", "The password of a binding is logged when it is created.", logging()),
  mutant(
    "IS-31",
    "anothers-logs",
    "A tenant's logs show what another one does.",
    seeing("tenant-logs", (instance, cloud) =>
      neighboursOf(cloud, instance).map(({ database }) => `connection to ${database}`),
    ),
  ),
  mutant(
    "IS-44",
    "rule-for-everybody",
    "A rule admits every address.",
    seeing("rules", () => ["0.0.0.0/0 5432"]),
  ),
  mutant(
    "IS-44",
    "rule-for-every-port",
    "A rule opens every port.",
    seeing("rules", () => ["10.0.0.0/16 *"]),
  ),
  mutant(
    "IS-45",
    "moved-and-shut",
    "The rule of an address is not made again when a VM moves: its bindings lead nowhere.",
    {
      onMove: () => {},
    },
  ),
  mutant("IS-45", "moved-and-open", "A VM that was made again is open to everybody until its rules are there.", {
    onMove: (instance, cloud) => {
      RIGHT.onMove(instance, cloud);
      instance.admitted.add("outsider");
    },
  }),
  mutant(
    "IS-46",
    "stale-rule",
    "The rule of an address outlives its instance: the next instance with that address is open to the same clients.",
    {
      onProvision: (instance, cloud) => {
        if (goneBefore(cloud).some(({ host, admitted }) => host === instance.host && admitted.size > 0))
          instance.admitted.add("application");
      },
    },
  ),
  mutant("IS-47", "outage-keeps-the-way-open", "A rule that could not be removed is not tried again.", {
    onUnbind: (instance, binding, cloud) => {
      const was = [...instance.admitted];
      RIGHT.onUnbind(instance, binding, cloud);
      if (cloud.faults.has("guard-down")) for (const each of was) instance.admitted.add(each);
    },
  }),
  mutant("IS-49", "management-is-open", "A tenant's VM reaches the director.", { isManagementOpen: true }),
  mutant("IS-53", "name-outlives-its-instance", "The name of an instance still resolves when it is gone.", {
    namesOutlive: true,
  }),
  mutant(
    "IS-55",
    "disk-is-not-wiped",
    "The disk of an instance that is gone is given to the next one with its data.",
    seeing("disk", (_instance, cloud) => goneBefore(cloud).flatMap(rowsOf)),
  ),
  mutant(
    "IS-56",
    "orphans-stay",
    "The group of an instance outlives it.",
    seeing("orphans", (_instance, cloud) => goneBefore(cloud).map(({ id }) => `security group guard_${id}`)),
  ),
  mutant(
    "IS-57",
    "temporary-files-stay",
    "Temporary files of an instance outlive it.",
    seeing("temporary", (_instance, cloud) => goneBefore(cloud).flatMap(rowsOf)),
  ),
  mutant(
    "IS-62",
    "one-store-for-all",
    "A tenant's VM can list the backups of all.",
    seeing("tenant-store", (_instance, { vault }) => vault.tasks().map(({ id }) => `backup ${id}`)),
  ),
  mutant("IS-63", "one-key-and-no-nonce", "Backups are sealed with one key, the same data to the same bytes.", {
    store: ({ id, instance, dump }) => ({
      name: `${instance}/${id}`,
      text: seal(JSON.stringify([...(dump?.tables ?? [])].map(([name, { rows }]) => [name, [...rows]])), "one key"),
    }),
  }),
  mutant("IS-65", "copy-has-the-users", "A restore into a new instance also copies the users of the source.", {
    restore: (instance, dump, cloud) => {
      RIGHT.restore(instance, dump, cloud);
      const source = cloud.vault.tasks().find((each) => each.kind === "backup" && each.dump === dump);
      for (const [name, password] of cloud.instances.get(source?.instance ?? "")?.users ?? [])
        instance.users.set(name, password);
    },
  }),
  mutant(
    "IS-66",
    "metadata-are-believed",
    "A restore fetches whatever the metadata of a backup name, even another tenant's data.",
    {
      verifies: ({ damage }) => damage !== "byte" && damage !== "part",
    },
  ),
  mutant(
    "IS-67",
    "store-credentials-are-logged",
    "The credentials of the store are logged.",
    seeing("logs", () => ["PUT object with toy-access-key-of-the-store"]),
  ),
  mutant(
    "IS-72",
    "callbacks-carry-credentials",
    "The broker calls back with the credentials of bindings.",
    seeing("callbacks", (instance) => passwordsOf(instance).map((password) => `{"password":"${password}"}`)),
  ),
];
