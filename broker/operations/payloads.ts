import Type, { type Static } from "typebox";
import { parserOf } from "../json.ts";
import { BackupRow, BindingRow, InstanceRow, RestoreRow } from "../store/schema.ts";
import type { Operation } from "../store/store.ts";

const { maintenance: _maintenance, ...EARLIER } = InstanceRow.properties;
const ProvisionPayload = Type.Object({
  row: Type.Object({ ...EARLIER, maintenance: Type.Optional(Type.String()) }),
});
const UpdatePayload = Type.Object({
  planId: Type.String(),
  /** All parameters as JSON, including those that stay the same. */
  parameters: Type.String(),
  /** Its new releases and stemcell, as JSON; absent in orders of earlier brokers, which means no change. */
  maintenance: Type.Optional(Type.String()),
});
const BindPayload = Type.Object({ row: BindingRow });
const BackupPayload = Type.Object({ row: BackupRow });
const RestorePayload = Type.Object({ row: RestoreRow });
const MendPayload = Type.Object({ way: Type.Enum(["broken", "guard", "users"]) });

/** The record that a provision makes. */
export interface ProvisionPayload {
  readonly row: InstanceRow;
}
/** The result of an update for its instance. */
export type UpdatePayload = Static<typeof UpdatePayload>;
/** The record that a bind makes. */
export type BindPayload = Static<typeof BindPayload>;
/** The record that a backup makes. */
export type BackupPayload = Static<typeof BackupPayload>;
/** The record that a restore makes. */
export type RestorePayload = Static<typeof RestorePayload>;

/** How a mend brings an instance and its record together. */
export type MendPayload = Static<typeof MendPayload>;

const payloadParser = <S extends Type.TSchema>(what: string, schema: S): ((operation: Operation) => Static<S>) => {
  const parse = parserOf(`the payload of a ${what}`, schema);
  return ({ payload }) => parse(payload);
};

/** Reads the payload of a provision. @throws Error if the operation is of another kind */
export function provisionPayload(operation: Operation): ProvisionPayload {
  const { row } = parseProvision(operation);
  return { row: { ...row, maintenance: row.maintenance ?? "" } };
}
const parseProvision = payloadParser("provision", ProvisionPayload);
/** As `provisionPayload`, of an update. */
export const updatePayload = payloadParser("update", UpdatePayload);
/** As `provisionPayload`, of a bind. */
export const bindPayload = payloadParser("bind", BindPayload);
/** As `provisionPayload`, of a backup. */
export const backupPayload = payloadParser("backup", BackupPayload);
/** As `provisionPayload`, of a restore. */
export const restorePayload = payloadParser("restore", RestorePayload);
/** As `provisionPayload`, of a mend. */
export const mendPayload = payloadParser("mend", MendPayload);
