import Type, { type Static } from "typebox";
import { Compile } from "typebox/compile";
import { BackendError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { expectStatus, textOf } from "../../http/client.ts";
import { type DirectorClient, isRunning } from "./client.ts";

const Percent = Type.Object({ percent: Type.Optional(Type.Union([Type.String(), Type.Number()])) });

/**
 * The report of a VM's agent, as the director passes it on (bosh.io/docs/director-api-v1, "List all
 * instances", `format=full`).
 */
const VmVitals = Type.Object({
  index: Type.Integer(),
  vm_cid: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  job_state: Type.Union([Type.String(), Type.Null()]),
  vitals: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({
        load: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.String())])),
        mem: Type.Optional(Percent),
        disk: Type.Optional(Type.Record(Type.String(), Percent)),
      }),
    ]),
  ),
});
const LINE = Compile(VmVitals);

/** The director's substitute for the state of a VM's jobs if its agent does not answer. */
export const SILENT = "unresponsive agent";

/** A VM of an instance, and its vitals. */
export type VmVitals = Static<typeof VmVitals>;

const POLL_MS = 500;
/** The director waits 15 s for agents that do not answer. */
const TASK_MS_MAX = 30_000;

/** Asks every VM of a deployment for its vitals, through a task of the director. @throws BackendError, FinalError */
export async function readVitals(client: DirectorClient, host: Host, deployment: string): Promise<readonly VmVitals[]> {
  const started = await client.send("GET", `/deployments/${deployment}/instances?format=full`);
  const location = started.headers.get("location");
  if (location === null) throw new BackendError(`the director has no vitals of ${deployment} (${started.status})`);
  const id = Number(location.split("/").at(-1));
  // By the clock: pauses are scaled.
  const deadlineMs = host.nowMs() + TASK_MS_MAX;
  while (isRunning(await client.task(id))) {
    if (host.nowMs() >= deadlineMs) throw new BackendError(`the director's task ${id} does not end`);
    await host.sleepMs(POLL_MS);
  }
  const output = textOf(expectStatus(await client.read(`/tasks/${id}/output?type=result`), "vitals", 200));
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line))
    .filter((line) => LINE.Check(line))
    .toSorted((a, b) => a.index - b.index);
}
