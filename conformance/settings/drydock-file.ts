import { parse } from "yaml";
import { type BackupInterface, parseBackupInterface } from "../suites/backup/interface.ts";
import { type DataSettings, NO_DATA_SETTINGS, parseDataSettings } from "./data.ts";
import type { Json, JsonObject } from "../client/http/json.ts";
import type { Offer } from "../client/catalog.ts";
import { TargetError } from "../client/errors/target-error.ts";
import { objectAt } from "./fields.ts";

/** Parameters that a broker needs, by kind of request. */
export interface PlanParameters {
  readonly provision?: JsonObject;
  readonly update?: JsonObject;
  readonly bind?: JsonObject;
}

/** A command line or a URL (POST) that makes the vendor's backend do something on purpose. */
export interface Hook {
  readonly command?: string;
  readonly url?: string;
}

export const HOOK_NAMES = ["hold", "release", "fail", "heal"] as const;
export type HookName = (typeof HOOK_NAMES)[number];

/**
 * `drydock.yml`: what cannot be learnt from a broker's catalog. All of it is optional.
 *
 *     parameters:            # by service name or id, then plan name or id; "*" stands for any
 *       my-db: { small: { provision: { region: eu }, bind: {} } }
 *     context: { platform: cloudfoundry }      # merged into the context of requests
 *     headers: { X-Tenant: a }                 # sent with each request
 *     hooks:                                   # hold and release, fail and heal the backend
 *       hold: { url: http://127.0.0.1:9/hold }
 *       release: { command: ./release.sh }
 *     backup: { driver: a9s }                  # which interface backups have; see `parseBackupInterface`
 *     data: { dns: "127.0.0.1:8600" }          # how data services are reached; see `DataSettings`
 */
export interface DrydockFile {
  readonly parameters: Readonly<Record<string, Readonly<Record<string, PlanParameters>>>>;
  readonly context: JsonObject;
  readonly headers: Readonly<Record<string, string>>;
  readonly hooks: Readonly<Partial<Record<HookName, Hook>>>;
  /** Undefined: it is looked for. */
  readonly backup: BackupInterface | undefined;
  readonly data: DataSettings;
}

export const EMPTY_FILE: DrydockFile = {
  parameters: {},
  context: {},
  headers: {},
  hooks: {},
  backup: undefined,
  data: NO_DATA_SETTINGS,
};

const KNOWN = ["parameters", "context", "headers", "hooks", "backup", "data"];

function parametersOf(value: Json | undefined): DrydockFile["parameters"] {
  const services = Object.entries(objectAt(value, "parameters"));
  return Object.fromEntries(
    services.map(([service, plans]) => {
      const entries = Object.entries(objectAt(plans, `parameters.${service}`));
      return [service, Object.fromEntries(entries.map(([plan, uses]) => [plan, usesOf(uses, `${service}.${plan}`)]))];
    }),
  );
}

function usesOf(value: Json, path: string): PlanParameters {
  const uses = objectAt(value, `parameters.${path}`);
  for (const [use, parameters] of Object.entries(uses)) {
    if (!["provision", "update", "bind"].includes(use)) {
      throw new TargetError("bad-file", `drydock.yml: "parameters.${path}.${use}" is not provision, update or bind`);
    }
    objectAt(parameters, `parameters.${path}.${use}`);
  }
  return uses as PlanParameters;
}

function hooksOf(value: Json | undefined): DrydockFile["hooks"] {
  const hooks = Object.entries(objectAt(value, "hooks"));
  for (const [name, hook] of hooks) {
    const { command, url } = objectAt(hook, `hooks.${name}`);
    if (
      !(HOOK_NAMES as readonly string[]).includes(name) ||
      (typeof command !== "string") === (typeof url !== "string")
    ) {
      throw new TargetError(
        "bad-file",
        `drydock.yml: "hooks.${name}" must be ${HOOK_NAMES.join(", ")} with a command or a url`,
      );
    }
  }
  return Object.fromEntries(hooks) as DrydockFile["hooks"];
}

function headersOf(value: Json | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(objectAt(value, "headers")).map(([name, item]) => [
      name,
      typeof item === "string" ? item : JSON.stringify(item),
    ]),
  );
}

/** Parses the text of a `drydock.yml`; throws `bad-file`. */
export function parseDrydockFile(text: string): DrydockFile {
  const raw = objectAt(parseYaml(text), "the file");
  const stray = Object.keys(raw).find((name) => !KNOWN.includes(name));
  if (stray !== undefined) throw new TargetError("bad-file", `drydock.yml: unknown key "${stray}"`);
  return {
    parameters: parametersOf(raw["parameters"]),
    context: objectAt(raw["context"], "context"),
    headers: headersOf(raw["headers"]),
    hooks: hooksOf(raw["hooks"]),
    backup: parseBackupInterface(raw["backup"]),
    data: parseDataSettings(raw["data"]),
  };
}

function parseYaml(text: string): Json {
  try {
    return parse(text, { maxAliasCount: 100 }) as Json;
  } catch (error) {
    throw new TargetError("bad-file", `drydock.yml: ${error instanceof Error ? error.message : "not YAML"}`, {
      cause: error,
    });
  }
}

/** The parameters that the file gives for a plan and a kind of request. */
export function parametersFor(file: DrydockFile, offer: Offer, use: keyof PlanParameters): JsonObject | undefined {
  const plans = [offer.service.name, offer.service.id, "*"].map((key) => file.parameters[key]);
  for (const byPlan of plans) {
    const uses = [offer.plan.name, offer.plan.id, "*"].map((key) => byPlan?.[key]?.[use]);
    const found = uses.find((parameters) => parameters !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}
