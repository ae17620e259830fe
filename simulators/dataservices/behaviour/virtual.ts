import type { Body } from "../../kernel/index.ts";
import { commit } from "./commits.ts";
import { emptyContent, tearLastWrites } from "./content.ts";
import { contentOf, decode, encode, itemsOf, withoutTail } from "../wire/dump.ts";
import { DataServiceError } from "../wire/errors.ts";
import type { DataServices, DumpDefects, RestoreDefects } from "./services.ts";
import { diskOf, membersOf } from "./replication.ts";
import type { Instance } from "../state.ts";

/** How long the work takes at the realistic pace, ms: a real server needs about a second for a small database. */
const DUMP_MS = 800;
const RESTORE_MS = 1500;

/** Dumps the current virtual content; the answer comes when the work is done. */
export function* virtualDump(services: DataServices, instance: Instance, defects: DumpDefects): Body<Uint8Array> {
  const content = diskOf(services, instance)?.content ?? emptyContent();
  const items = itemsOf(defects.isTorn ? tearLastWrites(content) : content);
  const dump = encode("virtual", defects.isShort ? withoutTail(items) : items);
  yield services.kernel.work(DUMP_MS);
  return dump;
}

/**
 * Replaces the virtual content, in one instant, with that of a dump, which is verified first.
 *
 * @throws DataServiceError DS_NOT_A_DUMP, DS_FOREIGN_DUMP, DS_REFUSED if the service has stopped meanwhile
 */
export function* virtualRestore(
  services: DataServices,
  instance: Instance,
  dump: Uint8Array,
  defects: RestoreDefects,
): Body {
  const content = contentOf(decode(dump, "virtual", defects.isTrusting));
  yield services.kernel.work(RESTORE_MS);
  const disk = diskOf(services, instance);
  if (disk === undefined || services.slot.value.instances.get(instance.address)?.disk !== instance.disk)
    throw new DataServiceError("DS_REFUSED", instance.address);
  if (!defects.keepsSessions) for (const member of membersOf(services, instance)) services.endSessions(member);
  commit(services, instance, { op: "content", content, isAppended: defects.isAppending });
}
