import { type Behaviour, RIGHT } from "../../toy/behaviour.ts";
import { copyOf, replace, replay } from "../../toy/engine.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";
import { loseTail } from "./dumps.ts";

/** How many writes a lagging replica has not seen. */
const LAG_WRITES = 3;

/** Under one fault a backup reports success, but is incomplete. */
const shortUnder = (name: string): Partial<Behaviour> => ({
  endUnder: (fault, task, vault) => {
    if (fault !== name || task.dump === undefined) return RIGHT.endUnder(fault, task, vault);
    task.dump = copyOf(task.dump);
    loseTail(task.dump);
    return "succeeded";
  },
});

/** After one fault an instance stays busy forever. */
function busyAfter(name: string): Partial<Behaviour> {
  const busy = new Set<string>();
  return {
    endUnder: (fault, task, vault) => {
      if (fault === name) busy.add(task.instance);
      return RIGHT.endUnder(fault, task, vault);
    },
    isBusy: (instance, vault) => busy.has(instance.id) || RIGHT.isBusy(instance, vault),
  };
}

function fullForGood(): Partial<Behaviour> {
  const full = new Set<string>();
  return {
    isBusy: (instance, vault) => {
      if (instance.isFull) full.add(instance.id);
      return full.has(instance.id) || RIGHT.isBusy(instance, vault);
    },
  };
}

/** Mistakes of platforms when something breaks. */
export const FAULT_MUTANTS: readonly DataMutant[] = [
  mutant("BK-08", "missing-store-succeeds", "A backup succeeds although there is no store.", {
    endUnder: (fault) => (fault === "store-missing" ? "succeeded" : "failed"),
  }),
  mutant(
    "BK-31",
    "fail-over-cuts-a-backup",
    "A backup during which the primary is killed ends with what it has by then, and succeeds.",
    shortUnder("kill-primary"),
  ),
  mutant("BK-31", "fail-over-loses-acknowledged-writes", "A replica that lags takes over: the last writes are lost.", {
    onFailOver: (instance, cloud) => {
      RIGHT.onFailOver(instance, cloud);
      replace(instance.store, replay(instance.log.slice(0, -LAG_WRITES)));
    },
  }),
  mutant(
    "BK-32",
    "dead-agent-blocks",
    "After the death of an agent the instance counts as busy forever.",
    busyAfter("kill-agent"),
  ),
  mutant("BK-33", "cut-upload-succeeds", "A backup whose upload was cut off reports success.", shortUnder("store-cut")),
  mutant(
    "BK-33",
    "full-store-blocks",
    "After the store was full the instance counts as busy forever.",
    busyAfter("store-full"),
  ),
  mutant(
    "BK-34",
    "skip-unlock",
    "Writes are locked during a backup, and unlocked only if it succeeds.",
    {
      lock: (instance) => void (instance.isLocked = true),
      unlock: (instance, state) => void (instance.isLocked &&= state !== "succeeded"),
    },
    ["BK-31", "BK-32", "BK-33", "BK-51", "BK-38"],
  ),
  mutant("BK-35", "changed-byte-is-restored", "A backup of which a byte was changed is restored.", {
    verifies: ({ damage }) => damage !== "part",
  }),
  mutant("BK-36", "missing-part-is-restored", "A backup of which a part is missing is restored.", {
    verifies: ({ damage }) => damage !== "byte",
  }),
  mutant(
    ["BK-35", "BK-36"],
    "damage-is-found-too-late",
    "Damage is found after the instance has been emptied for the restore.",
    {
      verifies: (backup, vault) => {
        const isWhole = RIGHT.verifies(backup, vault);
        if (!isWhole) vault.cloud.instances.get(backup.instance)?.store.tables.clear();
        return isWhole;
      },
    },
  ),
  mutant("BK-37", "interrupted-restore-succeeds", "A restore that was interrupted reports success.", {
    endUnder: (fault) => (fault === "kill-restore" ? "succeeded" : "failed"),
  }),
  mutant(
    "BK-37",
    "interrupted-restore-blocks",
    "After an interrupted restore the instance counts as busy forever.",
    busyAfter("kill-restore"),
  ),
  mutant("BK-38", "full-disk-blocks", "After the disk was full no operation is accepted any more.", fullForGood()),
  mutant("BK-39", "set-back-forgets", "A control plane that was set back has silently forgotten newer backups.", {
    setBack: (id, vault) => vault.purge(id),
  }),
  mutant(
    "BK-39",
    "ghost-after-rollback",
    "A control plane that was set back lists backups again whose data are gone.",
    {
      setBack: (id, vault) => {
        for (const task of vault.tasks())
          if (task.instance === id && task.state === "deleted") task.state = "succeeded";
      },
    },
  ),
];
