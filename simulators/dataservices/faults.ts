import { type AttributesOf, type Effect, type FaultAttribute, faultPoint, type Kernel } from "../kernel/index.ts";
import { type Instance, KINDS } from "./state.ts";

/*
 * The possible failures of a data service and its agent, which a broker and its backup manager must survive.
 *
 * The first points fail loudly: the step ends with an error, late, or never. The others are defects planted for suites to
 * find: if one is armed (effect `error`, with a message that is only a note), the step reports success and
 * does the named harm. No subject can survive those; a check that does not notice them proves nothing.
 */
const ATTRIBUTES = {
  deployment: { prose: "the name of the deployment" },
  kind: { prose: "what serves the data", values: KINDS },
  address: { prose: "the address of the VM" },
} as const satisfies Readonly<Record<string, FaultAttribute>>;

const LOUD = {
  start: faultPoint({
    point: "dataservice:start",
    effects: ["error"],
    attributes: ATTRIBUTES,
    prose:
      "The process does not come up: bad parameters, a full disk, a lock left behind. The job is reported as failing and nothing listens; the director's deploy must not be taken for a success.",
  }),
  connect: faultPoint({
    point: "dataservice:connect",
    effects: ["error", "reset"],
    attributes: ATTRIBUTES,
    prose:
      "A connection to the data is refused (error) or breaks at once (reset), as when the server has no slot left or restarts. An application retries.",
  }),
  write: faultPoint({
    point: "dataservice:write",
    effects: ["vanish", "error"],
    attributes: ATTRIBUTES,
    prose:
      "The disk is full: a write is refused (error, SQLSTATE 53100), and reads go on. Or (vanish) the server process dies with a write: it is on the disk of the primary, no replica has it yet, and the client hears nothing. Another node is promoted, or the server starts again. The client may not count the write as done or as lost.",
  }),
  look: faultPoint({
    point: "dataservice:look",
    effects: ["error"],
    attributes: ATTRIBUTES,
    prose:
      "The node does not answer its supervisor, though it may still serve clients. After some looks it is fenced, and where it was the primary, a replica is promoted; no write that was acknowledged may be lost, and no client may write to two nodes.",
  }),
  replicate: faultPoint({
    point: "dataservice:replicate",
    effects: ["delay"],
    attributes: ATTRIBUTES,
    prose:
      "A change reaches this replica late, and all changes after it stay behind it. What it shows is old; commits wait for another replica, and where there is none, their outcome is unknown.",
  }),
  promote: faultPoint({
    point: "dataservice:promote",
    effects: ["error", "delay"],
    attributes: ATTRIBUTES,
    prose:
      "The replica that was chosen does not become the primary, or late. The supervisor asks it again: another one may lack what was acknowledged. Until then clients find no primary.",
  }),
  credentials: faultPoint({
    point: "dataservice:credentials",
    effects: ["error", "delay"],
    attributes: ATTRIBUTES,
    prose:
      "The server refuses to create or drop a user (a lock, read-only mode). The binding must fail, or be tried again; no half-made user may stay behind unnamed.",
  }),
  dump: faultPoint({
    point: "dataservice:dump",
    effects: ["error", "delay", "stuck"],
    attributes: ATTRIBUTES,
    prose:
      "The dump fails, is slow, or hangs. The backup must be reported as failed within its bound, never as succeeded, and the next one must work.",
  }),
  restore: faultPoint({
    point: "dataservice:restore",
    effects: ["error", "delay", "stuck", "vanish"],
    attributes: ATTRIBUTES,
    prose:
      "The restore fails, is slow or hangs, and nothing has changed; with `vanish` the server dies in the middle of it. The old state must still be there, and a second restore must heal.",
  }),
} as const;

const PLANTED = {
  "dump torn-snapshot":
    "The tables are read one after the other without a common snapshot: the dump shows a state that never was.",
  "dump lost-tail": "The dump is silently short: later rows of its last table are missing, and its checksum agrees.",
  "dump wrong-neighbour": "The dump is taken from another instance of the same kind, whose data it discloses.",
  "restore append": "The restore adds to what is there instead of replacing it: what came after the backup stays.",
  "restore skip-verification":
    "A damaged dump is not refused: as much of it as can be read replaces what was there, and the answer is a success.",
  "restore wrong-neighbour": "The restore overwrites another instance of the same kind as well.",
  "restore keep-sessions": "Open sessions are not ended: they go on writing into the restored state.",
  "failover unfenced":
    "The old primary is not ended before a replica is promoted: both take writes, and those of the old one are lost.",
  "failover laggard":
    "The replica that is least far is promoted in place of the furthest: what only that had confirmed is lost.",
  "failover unconfirmed": "The primary acknowledges writes that no replica has: they are lost with it.",
  "credentials keep": "A user that was deleted still logs in, and its sessions go on.",
  "credentials everywhere": "A user is created on every instance of the same kind, with the same password.",
} as const;

type Defect = keyof typeof PLANTED;

const defectPoint = (name: string, prose: string) =>
  faultPoint({ point: `dataservice:${name}`, effects: ["error"], prose, attributes: ATTRIBUTES });

const DEFECTS = new Map<string, ReturnType<typeof defectPoint>>(
  Object.entries(PLANTED).map(([name, prose]) => [name, defectPoint(name, prose)]),
);

/** Registers the fault points with the kernel. */
export function defineFaults(kernel: Kernel): void {
  for (const point of [...Object.values(LOUD), ...DEFECTS.values()]) kernel.faults.define(point);
}

/** The attributes that a fault rule may match: an instance's deployment, kind and address. */
export type FaultLocation = Pick<Instance, "deployment" | "kind" | "address">;
/** A step that may fail loudly. */
export type FaultStep = keyof typeof LOUD;

const attributesOf = ({ deployment, kind, address }: FaultLocation): AttributesOf<(typeof LOUD)[FaultStep]> => ({
  deployment,
  kind,
  address,
});

/** The fault point of a step. */
const stepPoint = <S extends FaultStep>(step: S): (typeof LOUD)[S] => LOUD[step];

/** The effect armed for a step at an instance, which counts as used; undefined if there is none. */
export const faultAt = (kernel: Kernel, step: FaultStep, place: FaultLocation): Effect | undefined =>
  kernel.faults.at(stepPoint(step), attributesOf(place));

/** Whether a defect is armed at an instance; if so, it counts as used. */
export function isPlanted(kernel: Kernel, defect: Defect, place: FaultLocation): boolean {
  const point = DEFECTS.get(defect);
  return point !== undefined && kernel.faults.at(point, attributesOf(place)) !== undefined;
}
