import type { Actor } from "../../cloud.ts";
import { type Nova, recordChange } from "./nova.ts";
import type { Server } from "./server.ts";

/** The move of a server to another host. Times are kernel ms. */
export interface Migration {
  readonly id: number;
  readonly uuid: string;
  readonly serverId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly kind: "migration" | "resize" | "live-migration" | "evacuation";
  readonly source: string;
  readonly target: string;
  readonly oldFlavorId: string;
  readonly newFlavorId: string;
  readonly createdMs: number;
  updatedMs: number;
  /** The field's own words: `migrating`, `finished`, `confirmed`, `reverted`, `running`, `completed`, `done`. */
  status: string;
}

/** How many moves are remembered; the oldest go first. */
const MIGRATIONS_MAX = 10_000;

/** Records that a server begins to move. */
export function addMigration(
  nova: Nova,
  server: Server,
  actor: Pick<Actor, "userId" | "projectId">,
  move: Pick<Migration, "kind" | "source" | "target" | "oldFlavorId" | "status">,
): Migration {
  const state = nova.slot.value;
  const { nowMs } = nova.cloud.kernel;
  const row: Migration = {
    id: ++state.migrationsMade,
    uuid: nova.cloud.uuid("nova"),
    serverId: server.id,
    userId: actor.userId,
    projectId: actor.projectId,
    newFlavorId: server.flavor.id,
    createdMs: nowMs,
    updatedMs: nowMs,
    ...move,
  };
  state.migrations.push(row);
  if (state.migrations.length > MIGRATIONS_MAX) state.migrations.shift();
  recordChange(nova, "migration.create", server.id, { kind: row.kind, source: row.source, target: row.target });
  return row;
}

/** The latest move of a server. */
const lastMigration = (nova: Nova, serverId: string): Migration | undefined =>
  nova.slot.value.migrations.findLast((each) => each.serverId === serverId);

/** Changes the status of the latest move of a server. */
export function setMigration(nova: Nova, serverId: string, status: string): void {
  const row = lastMigration(nova, serverId);
  if (row === undefined) return;
  row.status = status;
  row.updatedMs = nova.cloud.kernel.nowMs;
}
