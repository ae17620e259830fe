import { isoSeconds } from "../../../kernel/index.ts";
import type { Revisioned } from "../state/rows.ts";

/** A JSON object on the wire. */
export type View = Readonly<Record<string, unknown>>;

/** The owner, under both of its names. */
export const projectMembers = (projectId: string): object => ({ project_id: projectId, tenant_id: projectId });

/** When the resource was created and changed, and how often. */
export const revisionMembers = ({ createdMs, updatedMs, revision }: Revisioned): object => ({
  created_at: isoSeconds(createdMs),
  updated_at: isoSeconds(updatedMs),
  revision_number: revision,
});
