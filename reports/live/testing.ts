/** A cloud made of plain data, of any size, for tests of the live page. */
import type { LiveClock, LiveEvent, LiveRule, Row } from "./feed.ts";
import type { LiveCloud } from "./source.ts";

const EPOCH_MS = Date.UTC(2026, 0, 1);

/** Rows for this many service instances, each a deployment with a VM, a binding, a group of its own and a name. */
export function instanceRows(count: number): readonly Row[] {
  return Array.from({ length: count }, (_, at) => at).flatMap((at): Row[] => {
    const deployment = `d${String(at).padStart(5, "0")}`;
    const ip = `127.64.${(at >> 8) & 255}.${at & 255}`;
    const health = at % 97 === 5 ? "broken" : at % 53 === 7 ? "busy" : "ok";
    return [
      {
        kind: "deployment",
        id: `deployment/${deployment}`,
        name: deployment,
        health,
        state: "1 VM",
        family: "postgresql",
        vms: 1,
      },
      {
        kind: "vm",
        id: `vm/${deployment}/pg/0`,
        name: "pg/0",
        health,
        state: "running",
        deployment,
        az: "z1",
        ip,
        server: { id: `server-${at}`, status: "ACTIVE" },
        port: { id: `port-${at}`, status: "ACTIVE", network: "n1" },
        groups: [`group/${at}`],
        volume: { id: `volume-${at}`, status: "in-use", sizeGb: 10 },
        names: [`${deployment}-pg-0`],
        service: "postgresql, primary",
      },
      {
        kind: "group",
        id: `group/${at}`,
        name: `guard-${deployment}`,
        health: "ok",
        state: "1 rules",
        project: "p1",
        rules: [`in tcp 5432 from 127.64.9.${at & 255}/32`],
      },
      {
        kind: "instance",
        id: `instance/i${at}`,
        name: `i${at}`,
        health,
        state: "ready",
        deployment,
        broker: "postgresql-service-broker",
      },
      {
        kind: "binding",
        id: `binding/i${at}/b`,
        name: `b${at}`,
        health: "ok",
        state: "ready",
        instance: `instance/i${at}`,
        deployment,
        username: `u${at}`,
      },
    ];
  });
}

/** Events of a director that carries out one task after another. */
export function taskEvents(count: number): readonly LiveEvent[] {
  return Array.from({ length: count }, (_, at) => ({
    seq: at + 1,
    time: EPOCH_MS + at * 100,
    source: at % 3 === 1 ? "nova" : "bosh",
    kind: (["task.processing", "server.create", "task.done"] as const)[at % 3] ?? "task.done",
    subject: String(Math.floor(at / 3) + 1),
    data: { type: "update_deployment", deployment: `d${at}` },
  }));
}

/** The changes that a test may make in the cloud while the page watches it. */
export interface MadeCloud extends LiveCloud {
  change(changed: {
    readonly rows?: readonly Row[];
    readonly events?: readonly LiveEvent[];
    readonly broken?: readonly string[];
  }): void;
  /** The commands and rules received, in order. */
  readonly asked: readonly unknown[];
}

/** Makes a cloud of plain data. */
export function makeCloud(rows: readonly Row[], events: readonly LiveEvent[]): MadeCloud {
  const now = { rows, events, broken: [] as readonly string[], version: 1 };
  const asked: unknown[] = [];
  const rules: LiveRule[] = [];
  const clock = { kind: "wall" as const, nowMs: EPOCH_MS, aheadMs: 0, isPaused: false, pace: "fast" };
  return {
    asked,
    change: (changed) => void Object.assign(now, changed, { version: now.version + 1 }),
    rows: () => now.rows,
    get version() {
      return now.version;
    },
    events: () => now.events,
    brokenLaws: () => now.broken,
    clock: (): LiveClock => ({ ...clock, nowMs: now.events.at(-1)?.time ?? EPOCH_MS }),
    steerClock: (command) => {
      asked.push(command);
      if (command.do === "pause" || command.do === "resume") clock.isPaused = command.do === "pause";
      return command.do === "step" && !clock.isPaused ? { code: "LIVE_CLOCK", message: "pause it first" } : undefined;
    },
    points: () =>
      ["nova:POST /servers", "cpi:create_vm"].map((point) => ({
        point,
        prose: `What fails at ${point}.`,
        effects: ["reset", "reply"],
      })),
    rules: () => rules,
    arm: (rule) => {
      asked.push(rule);
      rules.push({ id: rules.length + 1, point: "nova:POST /servers", effect: "reset", acted: 0 });
      return undefined;
    },
    disarm: (id) => {
      const at = rules.findIndex((rule) => rule.id === id);
      if (at === -1) return { code: "CONTROL_NO_RULE", message: `there is no rule ${id}` };
      rules.splice(at, 1);
      return undefined;
    },
    taskOutput: (number, kind) => (number === 1 ? `Task 1, ${kind}` : undefined),
  };
}
