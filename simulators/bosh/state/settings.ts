import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { parse } from "yaml";
import type { DirectorOptions, DirectorUser } from "./director.ts";

const USER = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    password: Type.String(),
    /** Such as `bosh.read`, `bosh.releases.upload`, `bosh.teams.a.admin`. */
    scopes: Type.Array(Type.String({ minLength: 1 })),
  },
  { additionalProperties: false },
);

const SETTINGS = Type.Object(
  {
    /** Shown by `bosh env`, and part of the full names of variables. */
    name: Type.Optional(Type.String({ pattern: "^[A-Za-z0-9-]+$" })),
    authentication: Type.Optional(Type.Union([Type.Literal("uaa"), Type.Literal("basic")])),
    /** Users besides the administrator: people, read-only clients, members of teams. */
    users: Type.Optional(Type.Array(USER)),
    /** Whether there is a config server, which gives `variables` their values. */
    config_server: Type.Optional(Type.Boolean()),
    /** A folder with the releases and stemcells that are uploaded by URLs of other machines. */
    artifacts: Type.Optional(Type.String({ minLength: 1 })),
    /** Whether snapshots of disks are enabled. */
    snapshots: Type.Optional(Type.Boolean()),
    /** How many tasks are worked on at once. */
    workers: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    /** The status of answers to requests that start a task. */
    redirect_status: Type.Optional(Type.Union([Type.Literal(302), Type.Literal(303)])),
    /** How long a new agent may take to answer, s. */
    agent_wait_s: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
    /** Whether scripts of jobs and packages run as processes of this machine. */
    run_scripts: Type.Optional(Type.Boolean()),
    health_monitor: Type.Optional(
      Type.Object(
        {
          resurrector: Type.Optional(Type.Boolean()),
          /** Time between two looks, s. */
          interval_s: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400 })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

const validator = Compile(SETTINGS);

/** The file can't be read as settings. One line, with the place and what is expected there. */
class SettingsError extends Error {
  readonly code = "CONFIG_BAD_DIRECTOR";

  constructor(what: string) {
    super(`${what} (CONFIG_BAD_DIRECTOR: simulators/bosh/README.md lists the settings of the director)`);
    this.name = "SettingsError";
  }
}

/** The settings in which a director differs from the default one. */
export interface DirectorSettings {
  readonly isBasic: boolean;
  readonly users: readonly DirectorUser[];
  readonly hasConfigServer: boolean;
  readonly options: Pick<
    DirectorOptions,
    | "name"
    | "artifacts"
    | "snapshots"
    | "workers"
    | "redirectStatus"
    | "agentWaitMs"
    | "runScripts"
    | "resurrector"
    | "analysisMs"
  >;
}

/** Reads the settings of a director: YAML. An empty file changes nothing. @throws SettingsError */
export function readDirectorSettings(text: string): DirectorSettings {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    throw new SettingsError(error instanceof Error ? (error.message.split("\n")[0] ?? "") : "not YAML");
  }
  if (validator.Check(value)) return settingsOf(value);
  const [first] = validator.Errors(value);
  const at =
    first?.instancePath === "" ? "the file" : (first?.instancePath.slice(1).replaceAll("/", ".") ?? "the file");
  throw new SettingsError(`${at} ${first?.message ?? "is wrong"}`);
}

function settingsOf(given: Static<typeof SETTINGS>): DirectorSettings {
  const { health_monitor: monitor = {} } = given;
  return {
    isBasic: given.authentication === "basic",
    users: given.users ?? [],
    hasConfigServer: given.config_server ?? true,
    options: {
      ...(given.name !== undefined && { name: given.name }),
      ...(given.artifacts !== undefined && { artifacts: given.artifacts }),
      ...(given.snapshots !== undefined && { snapshots: given.snapshots }),
      ...(given.workers !== undefined && { workers: given.workers }),
      ...(given.redirect_status !== undefined && { redirectStatus: given.redirect_status }),
      ...(given.agent_wait_s !== undefined && { agentWaitMs: given.agent_wait_s * 1000 }),
      ...(given.run_scripts !== undefined && { runScripts: given.run_scripts }),
      ...(monitor.resurrector !== undefined && { resurrector: monitor.resurrector }),
      ...(monitor.interval_s !== undefined && { analysisMs: monitor.interval_s * 1000 }),
    },
  };
}
