import { recordChange } from "../../state/cinder.ts";
import { startUpdateGroup } from "../../behaviour/groups.ts";
import { volumesIn } from "../../state/groups.ts";
import type { GroupRow } from "../../state/rows.ts";
import { requireMember } from "../../wire/body.ts";
import { badRequest } from "../../wire/errors.ts";
import type { CinderCall } from "../../wire/request.ts";

/** A volume joins and leaves a group in these states. */
const CHANGEABLE = ["available", "in-use"];

const idsIn = (text: string | null | undefined): readonly string[] =>
  text ? text.replace(/^,+|,+$/g, "").split(",") : [];

const refuse = (reason: string): never => {
  throw badRequest(`Invalid volume: ${reason}`);
};

const states = CHANGEABLE.map((each) => `'${each}'`).join(", ");

/** @throws Refusal 400 */
function checkJoins({ cinder }: CinderCall, group: GroupRow, id: string): void {
  const start = `Cannot add volume ${id} to group ${group.id} because`;
  const volume = cinder.slot.value.volumes.get(id);
  if (volume === undefined) return refuse(`${start} volume cannot be found.`);
  if (volume.groupId !== null) refuse(`${start} it is already in group ${volume.groupId}.`);
  if (volume.projectId !== group.projectId)
    refuse(`Cannot add volume ${id} to group ${group.id} as they belong to different projects.`);
  if (!group.volumeTypeIds.includes(volume.typeId))
    refuse(`${start} volume type ${volume.typeId} is not supported by the group.`);
  if (!CHANGEABLE.includes(volume.status))
    refuse(`${start} volume is in an invalid state: ${volume.status}. Valid states are: (${states}).`);
}

/** @throws Refusal 400 */
function checkLeaves(call: CinderCall, group: GroupRow, ids: readonly string[]): void {
  const own = volumesIn(call.cinder, group);
  for (const { id, status } of own)
    if (ids.includes(id) && !CHANGEABLE.includes(status))
      refuse(
        `Cannot remove volume ${id} from group ${group.id} because volume is in an invalid state: ${status}. Valid states are: (${states}).`,
      );
  for (const id of ids)
    if (!own.some((volume) => volume.id === id))
      refuse(`Cannot remove volume ${id} from group ${group.id} because it is not in the group.`);
}

/** Renames a group, and has volumes join and leave it. @throws Refusal 400 */
export function updateGroup(call: CinderCall, row: GroupRow): void {
  const text = { type: ["string", "null"] } as const;
  const fields = requireMember(call, "group", {
    type: "object",
    properties: { name: text, description: text, add_volumes: text, remove_volumes: text },
  });
  const changeOf = (value: string | null | undefined, before: string | null): string | undefined =>
    value == null || value.trim() === before ? undefined : value.trim();
  const name = changeOf(fields.name, row.name);
  const description = changeOf(fields.description, row.description);
  const joining = idsIn(fields.add_volumes);
  const removed = idsIn(fields.remove_volumes);
  const both = joining.filter((id) => removed.includes(id));
  if (both.length > 0) refuse(`UUIDs ${`['${both.join("', '")}']`} are in both add and remove volume list.`);
  const own = volumesIn(call.cinder, row).map(({ id }) => id);
  const added = joining.filter((id) => !own.includes(id));
  for (const id of added) checkJoins(call, row, id);
  checkLeaves(call, row, removed);
  const movesVolumes = added.length > 0 || removed.length > 0;
  if (name === undefined && description === undefined && !movesVolumes)
    throw badRequest(
      `Invalid Group: Cannot update group ${row.id} because no valid name, description, add_volumes, or remove_volumes were provided.`,
    );
  if (movesVolumes && row.status !== "available") throw badRequest("Invalid Group: Group status must be available.");
  row.name = name ?? row.name;
  row.description = description ?? row.description;
  if (movesVolumes) startUpdateGroup(call.cinder, row, { added, removed });
  else row.status = "available";
  recordChange(call.cinder, "group.update", row.id, { name: row.name });
}
