import { Ajv, type ValidateFunction } from "ajv";
import type { Level } from "../events.ts";
import type { JsonObject } from "../http/json.ts";
import type { Operation } from "../platform/answer.ts";
import type { SpecMinor } from "../runner/check.ts";
import { SEMVER } from "./catalog/rules.ts";

/**
 * What a member of an answer has to look like: a JSON schema, and where and since when it holds. The bodies of the API, per
 * version, are the sum of these rows.
 */
export interface BodyRule {
  readonly clauses: readonly string[];
  /** Names the check where a clause has several rows. */
  readonly id?: string;
  readonly level?: Level;
  readonly since?: SpecMinor;
  readonly until?: SpecMinor;
  readonly on: readonly Operation[];
  readonly status: readonly number[];
  /** The way from the body to the objects that hold the member; `*` goes through a list. */
  readonly at: readonly string[];
  /** Empty: the object itself. */
  readonly member: string;
  readonly isRequired: boolean;
  readonly schema: JsonObject;
  readonly words: string;
}

type Row = Partial<BodyRule> & Pick<BodyRule, "on" | "member" | "schema" | "words">;

function row(clauses: string | readonly string[], rest: Row): BodyRule {
  const list = typeof clauses === "string" ? [clauses] : clauses;
  return { clauses: list, status: SUCCESS, at: [], isRequired: false, ...rest };
}

const SUCCESS = [200, 201, 202];
const DONE = [200, 201];
const ACCEPTED = [202];

const object: JsonObject = { type: "object" };
const text: JsonObject = { type: "string" };
const filled: JsonObject = { type: "string", minLength: 1 };
const boolean: JsonObject = { type: "boolean" };
const textOrNull: JsonObject = { type: ["string", "null"] };
const url: JsonObject = { type: "string", format: "absolute-url" };
const shortOperation: JsonObject = { type: ["string", "null"], maxLength: 10_000 };
/** ISO 8601 in UTC; whether a fraction is there is a matter of another row. */
const instant: JsonObject = { type: "string", format: "instant" };
const withFraction: JsonObject = { anyOf: [{ not: { type: "string", format: "instant" } }, { pattern: "\\.\\d+Z$" }] };

const PROVISION: readonly Operation[] = ["provision"];
const UPDATE: readonly Operation[] = ["update"];
const FETCH: readonly Operation[] = ["fetch-instance"];
const BIND: readonly Operation[] = ["bind"];
const FETCH_BINDING: readonly Operation[] = ["fetch-binding"];
const BINDING: readonly Operation[] = ["bind", "fetch-binding"];
const POLL: readonly Operation[] = ["poll-instance"];
const POLL_BINDING: readonly Operation[] = ["poll-binding"];

const PROVISION_ROWS: readonly BodyRule[] = [
  row("provision-success-body-object", {
    on: PROVISION,
    member: "",
    isRequired: true,
    schema: object,
    words: "a JSON object",
  }),
  row("provision-dashboard-url-type", {
    on: PROVISION,
    member: "dashboard_url",
    schema: textOrNull,
    words: "a string or null",
  }),
  row("provision-dashboard-url-type", {
    id: "provision-dashboard-url-type-2-12",
    since: 12,
    until: 14,
    on: PROVISION,
    member: "dashboard_url",
    schema: filled,
    words: "a string that is not empty",
  }),
  row("provision-operation-type", {
    on: PROVISION,
    status: ACCEPTED,
    member: "operation",
    schema: textOrNull,
    words: "a string or null",
  }),
  row("provision-operation-type", {
    id: "provision-operation-type-2-12",
    since: 12,
    until: 14,
    on: PROVISION,
    status: ACCEPTED,
    member: "operation",
    schema: filled,
    words: "a string that is not empty",
  }),
  row("provision-operation-max-length", {
    on: PROVISION,
    status: ACCEPTED,
    member: "operation",
    schema: { maxLength: 10_000 },
    words: "at most 10,000 characters",
  }),
  row("provision-metadata-shape", { on: PROVISION, member: "metadata", schema: object, words: "an object" }),
];

const WITH_METADATA: readonly Operation[] = ["provision", "update", "fetch-instance"];
const METADATA_ROWS: readonly BodyRule[] = [
  row("metadata-labels-object", {
    on: WITH_METADATA,
    at: ["metadata"],
    member: "labels",
    schema: object,
    words: "an object",
  }),
  row("metadata-labels-object", {
    id: "metadata-labels-strings",
    level: "SHOULD",
    on: WITH_METADATA,
    at: ["metadata"],
    member: "labels",
    schema: { additionalProperties: text },
    words: "strings as values",
  }),
  row("metadata-attributes-object", {
    on: WITH_METADATA,
    at: ["metadata"],
    member: "attributes",
    schema: object,
    words: "an object",
  }),
];

const FETCH_ROWS: readonly BodyRule[] = [
  row("fetch-instance-parameters-object", { on: FETCH, member: "parameters", schema: object, words: "an object" }),
  row("fetch-instance-maintenance-info", {
    on: FETCH,
    member: "maintenance_info",
    schema: { type: "object", properties: { version: { type: "string", pattern: SEMVER.source } } },
    words: "an object with a semantic version",
  }),
  row("fetch-instance-metadata", {
    on: FETCH,
    member: "metadata",
    schema: { type: "object", properties: { labels: object, attributes: object } },
    words: "an object with the objects labels and attributes",
  }),
];

const UPDATE_ROWS: readonly BodyRule[] = [
  row("update-success-body-object", {
    on: UPDATE,
    member: "",
    isRequired: true,
    schema: object,
    words: "a JSON object",
  }),
  row("update-dashboard-url-type", {
    since: 15,
    on: UPDATE,
    member: "dashboard_url",
    schema: textOrNull,
    words: "a string or null",
  }),
  row("update-dashboard-url-type", {
    id: "update-dashboard-url-type-2-14",
    since: 14,
    until: 14,
    on: UPDATE,
    member: "dashboard_url",
    schema: filled,
    words: "a string that is not empty",
  }),
  row("update-operation-nonempty", {
    on: UPDATE,
    status: ACCEPTED,
    member: "operation",
    schema: { ...filled, maxLength: 10_000 },
    words: "a string of 1 to 10,000 characters",
  }),
  row("update-metadata-shape", { on: UPDATE, member: "metadata", schema: object, words: "an object" }),
];

const states: JsonObject = { enum: ["in progress", "succeeded", "failed"] };
const POLL_ROWS: readonly BodyRule[] = [
  row("lastop-instance-state-required", {
    on: POLL,
    status: [200],
    member: "state",
    isRequired: true,
    schema: {},
    words: "a state",
  }),
  row("lastop-instance-state-values", {
    on: POLL,
    status: [200],
    member: "state",
    schema: states,
    words: "in progress, succeeded or failed",
  }),
  row("lastop-instance-description-nonempty", {
    on: POLL,
    status: [200],
    member: "description",
    schema: filled,
    words: "a string that is not empty",
  }),
  row("lastop-instance-description-nonempty", {
    id: "lastop-instance-description-2-12",
    since: 12,
    until: 14,
    on: POLL,
    status: [200],
    member: "description",
    schema: filled,
    words: "a string that is not empty",
  }),
  row("lastop-instance-usable-type", {
    on: POLL,
    status: [200],
    member: "instance_usable",
    schema: boolean,
    words: "a boolean",
  }),
  row("lastop-update-repeatable-type", {
    on: POLL,
    status: [200],
    member: "update_repeatable",
    schema: boolean,
    words: "a boolean",
  }),
  row("lastop-binding-state-required", {
    on: POLL_BINDING,
    status: [200],
    member: "state",
    isRequired: true,
    schema: {},
    words: "a state",
  }),
  row("lastop-binding-state-values", {
    on: POLL_BINDING,
    status: [200],
    member: "state",
    schema: states,
    words: "in progress, succeeded or failed",
  }),
  row("lastop-binding-description-type", {
    on: POLL_BINDING,
    status: [200],
    member: "description",
    schema: text,
    words: "a string",
  }),
  row("lastop-binding-description-type", {
    id: "lastop-binding-description-2-14",
    since: 14,
    until: 14,
    on: POLL_BINDING,
    status: [200],
    member: "description",
    schema: filled,
    words: "a string that is not empty",
  }),
];

const BIND_ROWS: readonly BodyRule[] = [
  row("bind-success-body-object", { on: BIND, member: "", isRequired: true, schema: object, words: "a JSON object" }),
  row("bind-operation-type", {
    on: BIND,
    status: ACCEPTED,
    member: "operation",
    schema: shortOperation,
    words: "a string of at most 10,000 characters",
  }),
  row("bind-operation-type", {
    id: "bind-operation-type-2-14",
    since: 14,
    until: 14,
    on: BIND,
    status: ACCEPTED,
    member: "operation",
    schema: filled,
    words: "a string that is not empty",
  }),
  row("bind-metadata-object", { on: BIND, member: "metadata", schema: object, words: "an object" }),
  row("bind-credentials-object", { on: BIND, status: DONE, member: "credentials", schema: object, words: "an object" }),
  row("bind-syslog-drain-url-string", {
    on: BINDING,
    status: DONE,
    member: "syslog_drain_url",
    schema: url,
    words: "a URL",
  }),
  row("bind-route-service-url-string", {
    on: BINDING,
    status: DONE,
    member: "route_service_url",
    schema: url,
    words: "a URL",
  }),
  row("bind-route-service-url-string", {
    id: "bind-route-service-url-https",
    level: "SHOULD",
    on: BINDING,
    status: DONE,
    member: "route_service_url",
    schema: { anyOf: [{ not: url }, { pattern: "^https:" }] },
    words: "https, which Cloud Foundry demands",
  }),
  row(["bind-endpoints-array"], {
    on: BIND,
    status: DONE,
    member: "endpoints",
    schema: { type: "array", items: object },
    words: "a list of objects",
  }),
];

const FETCH_BINDING_ROWS: readonly BodyRule[] = [
  row("fetch-binding-credentials-object", {
    on: FETCH_BINDING,
    status: DONE,
    member: "credentials",
    schema: object,
    words: "an object",
  }),
  row("fetch-binding-metadata", {
    on: FETCH_BINDING,
    status: DONE,
    member: "metadata",
    schema: object,
    words: "an object",
  }),
  row("fetch-binding-parameters-object", {
    on: FETCH_BINDING,
    status: DONE,
    member: "parameters",
    schema: object,
    words: "an object",
  }),
  row("fetch-binding-endpoints", {
    on: FETCH_BINDING,
    status: DONE,
    member: "endpoints",
    schema: { type: "array", items: { type: "object", required: ["host", "ports"] } },
    words: "a list of endpoints with host and ports",
  }),
  row("fetch-binding-volume-mounts-shape", {
    on: FETCH_BINDING,
    status: DONE,
    member: "volume_mounts",
    schema: {
      type: "array",
      items: { type: "object", required: ["driver", "container_dir", "mode", "device_type", "device"] },
    },
    words: "a list of volume mounts",
  }),
];

const BINDING_METADATA_ROWS: readonly BodyRule[] = ["expires_at", "renew_before"].flatMap((member) => {
  const clause = `binding-${member.replace("_", "-")}-format`;
  const where = { on: BINDING, at: ["metadata"], member };
  return [
    row(clause, { ...where, schema: instant, words: "a time in UTC like 2026-01-02T03:04:05.0Z" }),
    row(clause, {
      ...where,
      id: `${clause}-fraction`,
      level: "SHOULD",
      schema: withFraction,
      words: "a fraction of the second",
    }),
  ];
});

const mounts = { on: BINDING, status: DONE, at: ["volume_mounts", "*"], isRequired: true };
const devices = { on: BINDING, status: DONE, at: ["volume_mounts", "*", "device"] };
const endpoints = { on: BINDING, status: DONE, at: ["endpoints", "*"] };

const PARTS_ROWS: readonly BodyRule[] = [
  row("volume-mount-driver", { ...mounts, member: "driver", schema: text, words: "a string" }),
  row("volume-mount-container-dir", { ...mounts, member: "container_dir", schema: text, words: "a string" }),
  row("volume-mount-mode", { ...mounts, member: "mode", schema: { enum: ["r", "rw"] }, words: "r or rw" }),
  row("volume-mount-device-type", { ...mounts, member: "device_type", schema: { enum: ["shared"] }, words: "shared" }),
  row("volume-mount-device", { ...mounts, member: "device", schema: object, words: "an object" }),
  row("volume-device-volume-id", {
    ...devices,
    member: "volume_id",
    isRequired: true,
    schema: text,
    words: "a string",
  }),
  row("volume-device-mount-config", { ...devices, member: "mount_config", schema: object, words: "an object" }),
  row("endpoint-host", {
    ...endpoints,
    member: "host",
    isRequired: true,
    schema: { type: "string", format: "host" },
    words: "a host name or an IP address",
  }),
  row("endpoint-ports", {
    ...endpoints,
    member: "ports",
    isRequired: true,
    schema: { type: "array", minItems: 1, items: { type: "string", format: "port-range" } },
    words: "ports or ranges as strings",
  }),
  row("endpoint-protocol", {
    ...endpoints,
    member: "protocol",
    schema: { enum: ["tcp", "udp", "all"] },
    words: "tcp, udp or all",
  }),
];

const REMOVAL_ROWS: readonly BodyRule[] = [
  row("unbind-operation-type", {
    on: ["unbind"],
    status: ACCEPTED,
    member: "operation",
    schema: shortOperation,
    words: "a string of at most 10,000 characters",
  }),
  row("deprovision-operation-type", {
    on: ["deprovision"],
    status: ACCEPTED,
    member: "operation",
    schema: shortOperation,
    words: "a string of at most 10,000 characters",
  }),
  row("unbind-200-body", {
    on: ["unbind"],
    status: [200],
    member: "",
    isRequired: true,
    schema: object,
    words: "a JSON object",
  }),
  row("deprovision-200-body", {
    on: ["deprovision"],
    status: [200],
    member: "",
    isRequired: true,
    schema: object,
    words: "a JSON object",
  }),
];

export const BODY_RULES: readonly BodyRule[] = [
  ...PROVISION_ROWS,
  ...METADATA_ROWS,
  ...FETCH_ROWS,
  ...UPDATE_ROWS,
  ...POLL_ROWS,
  ...BIND_ROWS,
  ...FETCH_BINDING_ROWS,
  ...BINDING_METADATA_ROWS,
  ...PARTS_ROWS,
  ...REMOVAL_ROWS,
];

const ajv = new Ajv({ strict: false, logger: false });
ajv.addFormat("absolute-url", (value) => URL.canParse(value));
ajv.addFormat(
  "instant",
  (value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value)),
);
ajv.addFormat(
  "host",
  (value) =>
    /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/.test(value) || /^[0-9a-fA-F:]*:[0-9a-fA-F:.]+$/.test(value),
);
ajv.addFormat("port-range", isPortRange);

function isPortRange(value: string): boolean {
  if (!/^\d{1,5}(-\d{1,5})?$/.test(value)) return false;
  const [low = 0, high = low] = value.split("-").map(Number);
  return low >= 1 && low <= high && high <= 65_535;
}

const validators = new WeakMap<JsonObject, ValidateFunction>();

/** Whether a value fits the schema of a row. */
export function fits(schema: JsonObject, value: unknown): boolean {
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  return validate(value) === true;
}
