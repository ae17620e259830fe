import { type MakeCheck, plannedChecks, planOf } from "../tenants/plan.ts";
import type { BackupContext } from "./context.ts";

/**
 * The 52 checks of backups and restores. The last column begins with the claim to which a check belongs: B0 nothing, B1 backups and restores in
 * place, B2 restores into new instances, B3 points in time, B4 after a deprovision, B5 keys, retention, schedules.
 */
export const BACKUP_PLAN = planOf(
  // biome-ignore format: one check a line
  [
  ["BK-01", "a capability that is declared is there", "medium", "Interface", "B0"],
  ["BK-02", "a backup ends, and its state never goes back", "high", "Interface", "B1; create, get"],
  ["BK-03", "an unknown id is not found", "medium", "Interface", "B1; create, get, restore, delete"],
  ["BK-04", "times are in order", "low", "Interface", "B1; create, get"],
  ["BK-05", "operations at once leave a consistent instance", "high", "Interface", "B1; create, restore; data"],
  ["BK-06", "a lost reply costs one backup at most", "medium", "Interface", "B1; create, list"],
  ["BK-07", "an instance that is not ready is refused", "medium", "Interface", "B1; create"],
  ["BK-08", "a store that is missing fails visibly", "high", "Faults", "B5; settings; hook fault store-missing"],
  ["BK-09", "an empty instance stays empty", "low", "Restored data", "B1; create, restore; data"],
  ["BK-10", "a restore brings back what was backed up", "critical", "Restored data", "B1; create, restore; data"],
  ["BK-11", "a restore replaces", "critical", "Restored data", "B1; create, restore; data"],
  ["BK-12", "a restore under open sessions", "critical", "Restored data", "B1; create, restore; data"],
  ["BK-13", "a backup under load is one prefix of what was written", "critical", "Consistency", "B1; create, restore; data"],
  ["BK-14", "a backup under load keeps the total", "critical", "Consistency", "B1; create, restore; data"],
  ["BK-15", "a backup under load is one cut across tables", "high", "Consistency", "B1; create, restore; data"],
  ["BK-16", "what was acknowledged before a backup is in it", "critical", "Consistency", "B1; create, restore; data"],
  ["BK-17", "a large backup comes back whole", "high", "Restored data", "B1; create, restore; data"],
  ["BK-18", "settings survive a restore", "medium", "Restored data", "B1; create, restore; data"],
  ["BK-19", "a restore leaves bindings as they are", "critical", "Restored data", "B1; create, restore; data"],
  ["BK-20", "a restore into a new instance", "critical", "New instances", "B2; restoreNew; data"],
  ["BK-21", "a restore into another size of plan", "high", "New instances", "B2; restoreNew; two plans; data"],
  ["BK-22", "a restore into another version of the engine", "medium", "New instances", "B2; restoreNew; two services; data"],
  ["BK-23", "a backup outlives its instance as declared", "high", "New instances", "B4; restoreNew; data"],
  ["BK-24", "a backup that was removed can't be restored", "high", "Backups", "B1; create, delete, restore"],
  ["BK-25", "the same backup restored twice", "medium", "Restored data", "B1; create, restore; data"],
  ["BK-26", "back and forth between backups", "high", "Restored data", "B1; create, restore, list; data"],
  ["BK-27", "the window of moments is honest", "high", "Point in time", "B3; window, restoreTo; data"],
  ["BK-28", "a moment between two commits", "critical", "Point in time", "B3; window, restoreTo; data"],
  ["BK-29", "a moment before and after a restore", "critical", "Point in time", "B3; window, restoreTo; data"],
  ["BK-30", "an idle instance loses no more than declared", "high", "Point in time", "B3; window, restoreTo; hook fault node-lost; data"],
  ["BK-31", "a fail-over during a backup", "critical", "Faults", "B1; create, restore; hook fault kill-primary; data"],
  ["BK-32", "an agent that dies during a backup", "high", "Faults", "B1; create; hook fault kill-agent; data"],
  ["BK-33", "a store that fails during an upload", "critical", "Faults", "B1; create, restore; hooks fault store-refuse, store-error, store-full, store-slow, store-cut; data"],
  ["BK-34", "writes go on after every end", "critical", "Faults", "B1; create; hook fault store-error; data"],
  ["BK-35", "a changed byte is found before anything is touched", "critical", "Faults", "B1; create, restore; hook fault flip-byte; data"],
  ["BK-36", "a missing part is found before anything is touched", "critical", "Faults", "B1; create, restore; hook fault drop-part; data"],
  ["BK-37", "a restore that is interrupted", "critical", "Faults", "B1; create, restore; hook fault kill-restore; data"],
  ["BK-38", "a full disk", "high", "Faults", "B1; create, restore; hook fault fill-disk; data"],
  ["BK-39", "a control plane that was set back", "high", "Faults", "B4; create, list; hook fault set-back"],
  ["BK-40", "nothing in the store can be read", "critical", "Encryption", "B5; create; hook look store; data"],
  ["BK-41", "a key that changes, and a wrong one", "high", "Encryption", "B5; setKey, create, restore; data"],
  ["BK-42", "a key is never shown", "critical", "Encryption", "B5; setKey, create, list, get, settings"],
  ["BK-43", "downloads are for who has the key", "high", "Encryption", "B5; setKey, create, download"],
  ["BK-44", "retention keeps the last good backup", "critical", "Lifecycle", "B5; settings, create, list; hooks fault clock, store-error"],
  ["BK-45", "a removal is real", "high", "Lifecycle", "B5; create, delete, get"],
  ["BK-46", "a schedule runs once for each slot", "medium", "Lifecycle", "B5; settings, list; hook fault clock"],
  ["BK-47", "backups after a deprovision are as declared", "high", "Lifecycle", "B4; create, sources"],
  ["BK-48", "a restore leaves the neighbours alone", "critical", "Neighbours", "B1; create, restore; data"],
  ["BK-49", "what a sudden loss costs", "medium", "Measured", "B1; create, restore; data"],
  ["BK-50", "how long a restore takes", "medium", "Measured", "B1; create, restore; data"],
  ["BK-51", "how long writes stall", "medium", "Measured", "B1; create; data"],
  ["BK-52", "how much a backup stores", "low", "Measured", "B1; create, get; data"],
  ],
);

/** A check of the plan. */
export const backupCheck: MakeCheck<BackupContext> = plannedChecks("backup", BACKUP_PLAN);
