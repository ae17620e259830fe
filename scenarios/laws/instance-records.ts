import Type, { type Static } from "typebox";

const InstanceRecord = Type.Object({
  id: Type.String(),
  deployment: Type.String(),
  /** `failed`: nothing of the instance may be left but the record. `broken`: its update or its deletion could not be carried out. */
  state: Type.Enum(["creating", "ready", "broken", "failed"]),
  /** The kind of operation in progress, or null. */
  operation: Type.Union([Type.String(), Type.Null()]),
  bindings: Type.Array(Type.Object({ id: Type.String(), state: Type.String(), username: Type.String() })),
  backups: Type.Array(Type.Object({ id: Type.String(), state: Type.String(), objects: Type.Array(Type.String()) })),
});

/** What the reference broker answers to GET /instances, with the login of its operators. */
export const InstanceRecords = Type.Object({ instances: Type.Array(InstanceRecord) });

/** What the reference broker states of one of its instances. */
export type InstanceRecord = Static<typeof InstanceRecord>;

/** All records of one broker or of several, found by id and by deployment; both are unique. */
export interface RecordIndex {
  readonly byId: ReadonlyMap<string, InstanceRecord>;
  readonly byDeployment: ReadonlyMap<string, InstanceRecord>;
}

/** Indexes records, which may come in any order. */
export const indexRecords = (records: readonly InstanceRecord[]): RecordIndex => ({
  byId: new Map(records.map((record) => [record.id, record])),
  byDeployment: new Map(records.map((record) => [record.deployment, record])),
});

/** May something of this instance exist? A record that has failed and has no operation in progress has no claim to anything. */
export const hasClaim = (record: InstanceRecord | undefined): boolean =>
  record !== undefined && (record.state !== "failed" || record.operation !== null);

/** Is the instance there, with no operation in progress? Then everything must be as its record says. */
export const isSettled = ({ state, operation }: InstanceRecord): boolean => state === "ready" && operation === null;
