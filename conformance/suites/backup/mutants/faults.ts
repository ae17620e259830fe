import { type Behaviour, RIGHT } from "../../toy/behaviour.ts";
import { copyOf } from "../../toy/engine.ts";
import { type DataMutant, dataMutant as mutant } from "../../toy/mutants.ts";
import { loseTail } from "./dumps.ts";

/** Under one fault a backup says that it succeeded, and is short. */
const shortUnder = (name: string): Partial<Behaviour> => ({
  endUnder: (fault, task, vault) => {
    if (fault !== name || task.dump === undefined) return RIGHT.endUnder(fault, task, vault);
    task.dump = copyOf(task.dump);
    loseTail(task.dump);
    return "succeeded";
  },
});

/** After one fault an instance is busy for good. */
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

/** What platforms do wrong when something breaks. */
export const FAULT_MUTANTS: readonly DataMutant[] = [
  mutant("missing-store-succeeds", "BK-08", "A backup succeeds where there is no store.", {
    endUnder: (fault) => (fault === "store-missing" ? "succeeded" : "failed"),
  }),
  mutant(
    "fail-over-cuts-a-backup",
    "BK-31",
    "A backup during which the primary is killed ends with what there is by then, and succeeds.",
    shortUnder("kill-primary"),
  ),
  mutant(
    "dead-agent-blocks",
    "BK-32",
    "After the death of an agent the instance is taken for busy, for good.",
    busyAfter("kill-agent"),
  ),
  mutant(
    "cut-upload-succeeds",
    "BK-33",
    "A backup whose upload was cut off says that it succeeded.",
    shortUnder("store-cut"),
  ),
  mutant(
    "full-store-blocks",
    "BK-33",
    "After a store that was full the instance is taken for busy, for good.",
    busyAfter("store-full"),
  ),
  mutant(
    "skip-unlock",
    "BK-34",
    "Writes are locked during a backup, and unlocked only where it succeeds.",
    {
      lock: (instance) => void (instance.isLocked = true),
      unlock: (instance, state) => void (instance.isLocked &&= state !== "succeeded"),
    },
    ["BK-31", "BK-32", "BK-33", "BK-51", "BK-38"],
  ),
  mutant("changed-byte-is-restored", "BK-35", "A backup of which a byte was changed is restored.", {
    verifies: ({ damage }) => damage !== "part",
  }),
  mutant("missing-part-is-restored", "BK-36", "A backup of which a part is missing is restored.", {
    verifies: ({ damage }) => damage !== "byte",
  }),
  mutant(
    "damage-is-found-too-late",
    ["BK-35", "BK-36"],
    "Damage is found after the instance has been emptied for the restore.",
    {
      verifies: (backup, vault) => {
        const isWhole = RIGHT.verifies(backup, vault);
        if (!isWhole) vault.cloud.instances.get(backup.instance)?.store.tables.clear();
        return isWhole;
      },
    },
  ),
  mutant("interrupted-restore-succeeds", "BK-37", "A restore that was interrupted says that it succeeded.", {
    endUnder: (fault) => (fault === "kill-restore" ? "succeeded" : "failed"),
  }),
  mutant(
    "interrupted-restore-blocks",
    "BK-37",
    "After a restore that was interrupted the instance is taken for busy, for good.",
    busyAfter("kill-restore"),
  ),
  mutant("full-disk-blocks", "BK-38", "After a full disk no operation is taken any more.", fullForGood()),
  mutant(
    "set-back-forgets",
    "BK-39",
    "A control plane that was set back knows nothing of newer backups, and says nothing of it.",
    { setBack: (id, vault) => vault.purge(id) },
  ),
];
