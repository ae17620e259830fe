import type { Operation } from "../../../client/answer.ts";
import { BIND, FETCH_BINDING, UNBIND } from "./binding-rows.ts";
import { DEPROVISION, FETCH_INSTANCE, PROVISION, UPDATE } from "./instance-rows.ts";
import { POLL_BINDING, POLL_INSTANCE } from "./poll-rows.ts";
import { always, type Row, row } from "./rows.ts";

const CATALOG = [row("catalog: read", always, 200, "view")] as const;

const ROWS = {
  catalog: CATALOG,
  provision: PROVISION,
  update: UPDATE,
  deprovision: DEPROVISION,
  bind: BIND,
  unbind: UNBIND,
  "poll-instance": POLL_INSTANCE,
  "poll-binding": POLL_BINDING,
  "fetch-instance": FETCH_INSTANCE,
  "fetch-binding": FETCH_BINDING,
} as const;

/** The situations that a request can run into, as the broker sees them. */
export type Situation = (typeof ROWS)[Operation][number]["situation"];

/** The plain broker as a table: for each operation, its situations in the order in which they are tested. */
export const TABLE: Readonly<Record<Operation, readonly Row<Situation>[]>> = ROWS;

/** Situations that a broker need not recognise, and that the plain one does not. */
export const OPTIONAL: readonly Situation[] = ["deprovision: bound", "bind: without app"];
