import Type, { type Static } from "typebox";

const InstanceRecord = Type.Object({
  id: Type.String(),
  deployment: Type.String(),
  /** `failed`: nothing of the instance may be left but the record. `broken`: its update or its deletion failed. */
  state: Type.Enum(["creating", "ready", "broken", "failed"]),
  /** The kind of operation in progress, or null. */
  operation: Type.Union([Type.String(), Type.Null()]),
  bindings: Type.Array(Type.Object({ id: Type.String(), state: Type.String(), username: Type.String() })),
  backups: Type.Array(Type.Object({ id: Type.String(), state: Type.String(), objects: Type.Array(Type.String()) })),
});

/** The body with which the reference broker answers GET /instances. */
export const InstanceRecords = Type.Object({ instances: Type.Array(InstanceRecord) });

/** The reference broker's record of one of its instances. */
export type InstanceRecord = Static<typeof InstanceRecord>;

/** All records of one broker or of several, by id and by deployment, both of which are unique. */
export interface RecordIndex {
  readonly byId: ReadonlyMap<string, InstanceRecord>;
  readonly byDeployment: ReadonlyMap<string, InstanceRecord>;
}

/** Indexes records, which may come in any order. */
export const indexRecords = (records: readonly InstanceRecord[]): RecordIndex => ({
  byId: new Map(records.map((record) => [record.id, record])),
  byDeployment: new Map(records.map((record) => [record.deployment, record])),
});

/** Whether anything of an instance may exist. Of a failed instance without an operation in progress, nothing may. */
export const hasClaim = (record: InstanceRecord | undefined): boolean =>
  record !== undefined && (record.state !== "failed" || record.operation !== null);

/** Whether an instance exists and no operation is in progress. Then everything must be as its record says. */
export const isSettled = ({ state, operation }: InstanceRecord): boolean => state === "ready" && operation === null;
