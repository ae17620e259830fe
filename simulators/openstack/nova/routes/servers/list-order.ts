import { own } from "../../../../kernel/index.ts";
import type { Server } from "../../state/server.ts";
import { badRequest } from "../../wire/errors.ts";
import type { NovaCall } from "../../wire/request.ts";
import type { SortKey } from "../../../paging.ts";

const SORT_KEYS: Readonly<Record<string, (server: Server) => string | number | null>> = {
  created_at: ({ seq }) => seq,
  display_name: ({ name }) => name,
  uuid: ({ id }) => id,
  user_id: ({ userId }) => userId,
  project_id: ({ projectId }) => projectId,
  updated_at: ({ updatedMs }) => updatedMs,
  launched_at: ({ launchedMs }) => launchedMs,
  vm_state: ({ vm }) => vm,
  task_state: ({ task }) => task,
  key_name: ({ keyName }) => keyName,
  image_ref: ({ imageId }) => imageId,
  instance_type_id: ({ flavor }) => flavor.seq,
};

/** @throws Refusal 400 */
export function readOrder({ query }: NovaCall): readonly SortKey<Server>[] {
  const [keys, dirs] = [query.getAll("sort_key"), query.getAll("sort_dir")];
  const wrong = dirs.find((dir) => dir !== "asc" && dir !== "desc");
  if (wrong !== undefined) throw badRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'");
  const asked = keys.map(
    (key, at): SortKey<Server> => [own(SORT_KEYS, key) ?? (() => null), dirs[at] === "asc" ? "asc" : "desc"],
  );
  const last: SortKey<Server> = [({ seq }) => seq, dirs.at(-1) === "asc" && keys.length > 0 ? "asc" : "desc"];
  return [...asked, last];
}
