import type { Effect, FaultPoint, Kernel } from "../kernel/index.ts";
import type { Instance } from "./state.ts";

/*
 * What may fail in a data service and its agent, and what the subject (a broker and its backup manager) must survive.
 *
 * The first points fail loudly: the step ends with an error, late, or never. The others are defects planted for suites to
 * find: where one is armed (effect `error`, whose message is only a note), the step answers that all is well and has done the
 * named harm. A subject can't survive those; a check that does not notice is not worth its name. Attributes of every occasion:
 * `deployment`, `kind`, `address`.
 */
const LOUD: readonly FaultPoint[] = [
  {
    point: "dataservice:start",
    effects: ["error"],
    prose:
      "The process does not come up: bad parameters, a full disk, a lock left behind. The job is reported as failing and nothing listens; the director's deploy must not be taken for a success.",
  },
  {
    point: "dataservice:connect",
    effects: ["error", "reset"],
    prose:
      "A connection of the virtual data plane is refused or breaks at once, as when the server restarts or has no slot left. An application retries.",
  },
  {
    point: "dataservice:credentials",
    effects: ["error", "delay"],
    prose:
      "The server refuses to create or drop a user (a lock, read-only mode). The binding must fail, or be tried again; no half-made user may stay behind unnamed.",
  },
  {
    point: "dataservice:dump",
    effects: ["error", "delay", "stuck"],
    prose:
      "The dump fails, is slow, or never ends. The backup must be told failed within its bound, never succeeded, and the next one must work.",
  },
  {
    point: "dataservice:restore",
    effects: ["error", "delay", "stuck", "vanish"],
    prose:
      "The restore fails, is slow or never ends, and nothing has changed; with `vanish` the server dies in the middle of it. The old state must still be there, and a second restore must heal.",
  },
];

const PLANTED: readonly FaultPoint[] = [
  [
    "dump torn-snapshot",
    "The tables are read one after the other without a common snapshot: the dump shows a state that never was.",
  ],
  ["dump lost-tail", "The dump is silently short: later rows of its last table are missing, and its checksum agrees."],
  ["dump wrong-neighbour", "The dump is taken from another instance of the same kind, whose data it discloses."],
  ["restore append", "The restore adds to what is there instead of replacing it: what came after the backup stays."],
  [
    "restore skip-verification",
    "A damaged dump is not refused: as much of it as can be read replaces what was there, and the answer is a success.",
  ],
  ["restore wrong-neighbour", "The restore overwrites another instance of the same kind as well."],
  ["restore keep-sessions", "Open sessions are not ended: they go on writing into the restored state."],
  ["credentials keep", "A user that was deleted still logs in, and its sessions go on."],
  ["credentials everywhere", "A user is created on every instance of the same kind, with the same password."],
].map(([name, prose]) => ({ point: `dataservice:${name}`, effects: ["error"] as const, prose: prose ?? "" }));

export type Defect =
  | "dump torn-snapshot"
  | "dump lost-tail"
  | "dump wrong-neighbour"
  | "restore append"
  | "restore skip-verification"
  | "restore wrong-neighbour"
  | "restore keep-sessions"
  | "credentials keep"
  | "credentials everywhere";

export function defineFaults(kernel: Kernel): void {
  for (const point of [...LOUD, ...PLANTED]) kernel.faults.define(point);
}

type Place = Pick<Instance, "deployment" | "kind" | "address">;
export type Step = "start" | "connect" | "credentials" | "dump" | "restore";

const attributesOf = ({ deployment, kind, address }: Place): Readonly<Record<string, string>> => ({
  deployment,
  kind,
  address,
});

export const faultAt = (kernel: Kernel, step: Step, place: Place): Effect | undefined =>
  kernel.faults.at(`dataservice:${step}`, attributesOf(place));

export const isPlanted = (kernel: Kernel, defect: Defect, place: Place): boolean =>
  kernel.faults.at(`dataservice:${defect}`, attributesOf(place)) !== undefined;
