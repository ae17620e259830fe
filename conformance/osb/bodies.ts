import { createRequire } from "node:module";
import { isIPv6 } from "node:net";
import type { Ajv as AjvClass, Options, ValidateFunction } from "ajv";
import type { Level } from "../runner/events.ts";
import type { JsonObject } from "../client/http/json.ts";
import type { Answer, Operation } from "../client/answer.ts";

import bindingMetadata from "./bodies/binding-metadata.json" with { type: "json" };
import binding from "./bodies/binding.json" with { type: "json" };
import deprovisioning from "./bodies/deprovisioning.json" with { type: "json" };
import endpoints from "./bodies/endpoints.json" with { type: "json" };
import fetchingBinding from "./bodies/fetching-a-service-binding.json" with { type: "json" };
import fetchingInstance from "./bodies/fetching-a-service-instance.json" with { type: "json" };
import metadata from "./bodies/metadata.json" with { type: "json" };
import polling from "./bodies/polling-last-operation.json" with { type: "json" };
import provisioning from "./bodies/provisioning.json" with { type: "json" };
import unbinding from "./bodies/unbinding.json" with { type: "json" };
import updating from "./bodies/updating-a-service-instance.json" with { type: "json" };
import volumeMounts from "./bodies/volume-mounts.json" with { type: "json" };
import type { SpecMinor } from "../client/spec-version.ts";

/**
 * What a member of an answer has to look like: a JSON schema, and where and since when it holds. The bodies of the API, per
 * version, are the sum of these rows.
 */
export interface BodyRule {
  readonly clauses: readonly string[];
  /** Names the check where a clause has several rows. */
  readonly id?: string;
  /** Default: that of the clause, as are the versions. */
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
  /** What the member has to be, to complete "expected … to be …". */
  readonly words: string;
  /** What a sound answer is like, as one sentence, where `words` do not make one. */
  readonly title?: string;
}

/** A row as it is written: it stands in the body itself, and its member may be left out, unless it says otherwise. */
type Written = Omit<BodyRule, "at" | "isRequired"> & Partial<Pick<BodyRule, "at" | "isRequired">>;

const WRITTEN = [
  provisioning,
  metadata,
  fetchingInstance,
  updating,
  polling,
  binding,
  fetchingBinding,
  bindingMetadata,
  volumeMounts,
  endpoints,
  unbinding,
  deprovisioning,
].flat() as readonly Written[];

/** Every rule about the body of an answer, in the order of the specification's headings. */
export const BODY_RULES: readonly BodyRule[] = WRITTEN.map((row) => ({ at: [], isRequired: false, ...row }));

/** Whether a body is not judged on its own: that of a success in answer to a defective request, which should have been refused. */
export const isUndeserved = ({ intent, status }: Pick<Answer, "intent" | "status">): boolean =>
  intent === "bad" && status < 400;

/** The check that demands an object as the body of such an answer; undefined if no clause does. */
export function bodyCheckOf(
  { operation, status }: Pick<Answer, "operation" | "status">,
  minor: SpecMinor,
): string | undefined {
  const rule = BODY_RULES.find(
    ({ on, status: statuses, member, since = 0, until = 99 }) =>
      member === "" && on.includes(operation) && statuses.includes(status) && since <= minor && minor <= until,
  );
  return rule === undefined ? undefined : (rule.id ?? rule.clauses[0]);
}

const isInstant = (value: string): boolean =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) && !Number.isNaN(Date.parse(value));

const isHost = (value: string): boolean =>
  /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/.test(value) || isIPv6(value);

function isPortRange(value: string): boolean {
  if (!/^\d{1,5}(-\d{1,5})?$/.test(value)) return false;
  const [low = 0, high = low] = value.split("-").map(Number);
  return low >= 1 && low <= high && high <= 65_535;
}

const FORMATS = {
  "absolute-url": (value: string) => URL.canParse(value),
  instant: isInstant,
  host: isHost,
  "port-range": isPortRange,
};

const require = createRequire(import.meta.url);

function createAjv(): AjvClass {
  const { Ajv }: { readonly Ajv: new (options: Options) => AjvClass } = require("ajv");
  return new Ajv({ strict: false, logger: false, formats: FORMATS });
}

/** Loaded with the first body: before the first request, nobody needs it. */
let ajv: AjvClass | undefined;

const validators = new WeakMap<JsonObject, ValidateFunction>();

/** Whether a value fits the schema of a row. */
export function fits(schema: JsonObject, value: unknown): boolean {
  ajv ??= createAjv();
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  return validate(value) === true;
}
