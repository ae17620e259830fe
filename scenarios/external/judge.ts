import { setTimeout as sleep } from "node:timers/promises";
import Type from "typebox";
import { isOf } from "../clients/answers.ts";
import type { Exercise } from "../coverage.ts";
import { BrokenPromise } from "../errors.ts";
import type { Transport } from "../load/transport.ts";
import type { BrokerHook } from "./broker-hook.ts";
import type { CloudControl } from "./cloud-control.ts";
import type { Customer, ExternalOffer } from "./customer.ts";

/** The context of a play: a cloud, a broker on it, and functions that ask each about its state. */
export interface ExternalStage {
  readonly control: Pick<CloudControl, "points" | "arm" | "counts" | "disarm" | "brokenLaws">;
  readonly hook: BrokerHook;
  readonly transport: Transport;
  readonly offer: ExternalOffer;
  /** Lists the director's deployments. */
  readonly deployments: () => Promise<readonly string[]>;
  /** Path of the vendor's own listing, `[{id, deployment?}]`. Default: there is none. */
  readonly listing: string | undefined;
  /** Whether each instance is a deployment of its own, as a clean run showed. */
  readonly isDedicated: boolean;
  /** How long everything may take to end once nothing fails any more, in ms of this machine's clock. */
  readonly patienceMs: number;
  readonly exercise: Exercise;
}

const POLL_MS = 20;

/** Asks repeatedly until it is so or the time is up. Returns whether it is so. */
export async function waitFor(msMax: number, isSo: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + msMax;
  while (!(await isSo())) {
    if (performance.now() > deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}

const Listing = Type.Array(Type.Object({ id: Type.String(), deployment: Type.Optional(Type.String()) }));

/**
 * Judges what the cloud can see, and what the vendor's own listing says. A repair may still be in progress, so the laws are given time to hold.
 *
 * @throws BrokenPromise
 */
export async function judge(stage: ExternalStage, customer: Customer, before: readonly string[]): Promise<void> {
  let broken: readonly string[] = [];
  const isSound = async (): Promise<boolean> => {
    broken = await findBroken(stage, customer, before);
    return broken.length === 0;
  };
  if (!(await waitFor(stage.patienceMs, isSound))) throw new BrokenPromise(broken.join("; "));
}

async function findBroken(
  stage: ExternalStage,
  customer: Customer,
  before: readonly string[],
): Promise<readonly string[]> {
  const { control, exercise, isDedicated } = stage;
  const standing = customer.instances.filter(({ phase }) => phase === "standing");
  const added = (await stage.deployments()).filter((each) => !before.includes(each));
  const broken = [...(await control.brokenLaws())];
  exercise.note("laws", "instances that stand", standing.length);
  exercise.note("laws", "instances that are gone", customer.instances.length - standing.length);
  if (isDedicated && added.length !== standing.length)
    broken.push(`${standing.length} instances stand, and the director has ${added.length} deployments of them`);
  if (!isDedicated && standing.length === 0 && added.length > 0)
    broken.push(`deployments are left: ${added.join(", ")}`);
  return [...broken, ...(await judgeListing(stage, customer, added))];
}

async function judgeListing(
  { transport, listing, exercise }: ExternalStage,
  customer: Customer,
  added: readonly string[],
): Promise<readonly string[]> {
  if (listing === undefined) return [];
  const reply = await transport.send({ method: "GET", path: listing });
  if (reply.kind === "error" || reply.status !== 200 || !isOf(Listing, reply.body))
    return [`the listing at ${listing} can't be read`];
  const own = new Map(customer.instances.map((each) => [each.id, each]));
  const listed = reply.body.filter(({ id }) => own.has(id));
  exercise.note("laws", "records of the listing", listed.length);
  const ids = listed.map(({ id }) => id);
  return [
    ...listed
      .filter(({ id }) => own.get(id)?.phase === "gone")
      .map(({ id }) => `the listing has ${own.get(id)?.name}, which is gone`),
    ...customer.instances
      .filter(({ id, phase }) => phase === "standing" && !ids.includes(id))
      .map(({ name }) => `the listing has forgotten ${name}`),
    ...(new Set(ids).size < ids.length ? ["the listing has an instance twice"] : []),
    ...listed
      .filter(({ deployment }) => deployment !== undefined && !added.includes(deployment))
      .map(
        ({ id, deployment }) =>
          `the listing says that ${own.get(id)?.name} is ${deployment}, which the director does not have`,
      ),
  ];
}
