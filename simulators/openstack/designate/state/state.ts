import type { Slot } from "../../../kernel/index.ts";
import type { Cloud } from "../../cloud.ts";

/** How far the name servers are with a zone or recordset. */
type Status = "PENDING" | "ACTIVE" | "ERROR";

/** The changes that the name servers do not know yet. */
type PendingAction = "CREATE" | "UPDATE" | "DELETE" | "NONE";

/** A zone. Times are ms since the Unix epoch. */
export interface ZoneRow {
  readonly id: string;
  /** Changes when the zone is handed over to another project. */
  projectId: string;
  /** With its final dot. */
  readonly name: string;
  email: string;
  description: string | null;
  /** Seconds. */
  ttl: number;
  serial: number;
  /** Seconds after which secondaries look again; drawn once. */
  readonly refreshS: number;
  status: Status;
  action: PendingAction;
  version: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly createdMs: number;
  updatedMs: number | null;
}

/** A recordset: the records of one type at one name. */
export interface RecordSetRow {
  readonly id: string;
  readonly zoneId: string;
  projectId: string;
  /** With its final dot. */
  readonly name: string;
  readonly type: string;
  /** Created and kept by the service: SOA and NS at the apex. */
  readonly managed: boolean;
  records: readonly string[];
  /** The floating address that it names, and the project that may use that; only of reverse names. */
  readonly floatingIp?: { readonly id: string; readonly projectId: string };
  description: string | null;
  /** Seconds; null: the zone's. */
  ttl: number | null;
  status: Status;
  action: PendingAction;
  version: number;
  readonly createdMs: number;
  updatedMs: number | null;
}

/** An import of a zone file. */
export interface ZoneImportRow {
  readonly id: string;
  readonly projectId: string;
  /** The zone that it has made. */
  zoneId: string | null;
  status: "PENDING" | "COMPLETE" | "ERROR";
  message: string | null;
  version: number;
  readonly createdMs: number;
  updatedMs: number | null;
}

/** An export of a zone into a file. */
export interface ZoneExportRow {
  readonly id: string;
  readonly zoneId: string;
  readonly projectId: string;
  status: "PENDING" | "COMPLETE";
  version: number;
  readonly createdMs: number;
  updatedMs: number | null;
}

/** An offer of a zone to another project, or to any that has the key. */
export interface TransferRequestRow {
  readonly id: string;
  readonly zoneId: string;
  readonly zoneName: string;
  readonly projectId: string;
  readonly targetProjectId: string | null;
  readonly key: string;
  description: string | null;
  status: "ACTIVE" | "COMPLETE";
  readonly createdMs: number;
  updatedMs: number | null;
}

/** An offer that was accepted. */
export interface TransferAcceptRow {
  readonly id: string;
  readonly requestId: string;
  readonly zoneId: string;
  readonly projectId: string;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** A zone as the name servers had it from a time on, ms since the Unix epoch. */
export interface ServedVersion {
  readonly atMs: number;
  /** Null: they are to forget it. */
  readonly content: ServedZone | null;
}

/** The version of a zone that the name servers have. */
export interface ServedZone {
  readonly serial: number;
  readonly sets: readonly {
    /** With its final dot. */
    readonly name: string;
    readonly type: string;
    /** Seconds. */
    readonly ttl: number;
    readonly records: readonly string[];
  }[];
}

/** The objects of administrators: top-level domains, forbidden names, keys of name servers, pools. */
export interface AdminRow {
  readonly id: string;
  fields: Readonly<Record<string, unknown>>;
  readonly projectId: string | null;
  readonly createdMs: number;
  updatedMs: number | null;
}

/** The kinds of what administrators maintain. */
export type AdminKind = "tlds" | "blacklists" | "tsigkeys" | "pools";

/** The state of Designate, by id. */
export interface DesignateState {
  readonly admin: Readonly<Record<AdminKind, Map<string, AdminRow>>>;
  readonly exports: Map<string, ZoneExportRow>;
  readonly transferRequests: Map<string, TransferRequestRow>;
  readonly transferAccepts: Map<string, TransferAcceptRow>;
  readonly zones: Map<string, ZoneRow>;
  readonly recordsets: Map<string, RecordSetRow>;
  /** The versions on the name servers, by the zone's name; newest last. */
  readonly served: Map<string, ServedVersion[]>;
  /** How often that has changed. */
  servedChanges: number;
  readonly imports: Map<string, ZoneImportRow>;
  /** Project → what an administrator has set. */
  readonly quotas: Map<string, Readonly<Record<string, number>>>;
}

/** The state of a cloud without zones. */
export const newState = (): DesignateState => ({
  admin: { tlds: new Map(), blacklists: new Map(), tsigkeys: new Map(), pools: new Map() },
  exports: new Map(),
  transferRequests: new Map(),
  transferAccepts: new Map(),
  zones: new Map(),
  recordsets: new Map(),
  served: new Map(),
  servedChanges: 0,
  imports: new Map(),
  quotas: new Map(),
});

/** The context of Designate's functions: its state, and the cloud that it is part of. */
export interface Designate {
  readonly cloud: Cloud;
  readonly slot: Slot<DesignateState>;
}

/** The one pool of name servers. */
export const POOL_ID = "794ccc2c-d751-44fe-b57f-8894c9f5c842";

/** The one name server of the pool. */
export const NAMESERVER = "ns1.example.org.";

/** The project that owns the zones which the service keeps for itself. */
export const MANAGED_PROJECT = "00000000-0000-0000-0000-000000000000";

/** The recordsets of a zone, in order of creation. */
export const recordsetsOf = ({ slot }: Designate, zoneId: string): readonly RecordSetRow[] =>
  [...slot.value.recordsets.values()].filter((row) => row.zoneId === zoneId);
