import type { Instance } from "../state.ts";
import type { Client } from "./client.ts";

/** An agent that was frozen takes this long to be heard again: its connection to the message bus must be made anew. */
const THAW_MS = 30_000;

/** Causes what a note of a recording says was done outside the API, through the simulator's own faults. */
export function cause(client: Client, note: string): readonly string[] {
  const parts = note.split("; ").map((part) => causeOne(client, part));
  return parts.includes(false) ? [`not simulated: ${note}`] : [];
}

function causeOne({ kernel, bosh, dummy }: Client, note: string): boolean {
  const { faults } = kernel;
  const instanceOf = (group?: string, index?: string): Instance | undefined =>
    [...bosh.state().deployments.values()]
      .flatMap(({ instances }) => instances)
      .find((each) => each.group === group && String(each.index) === index);
  const failing = /agents of group (\S+) report job \S+ as failing/.exec(note);
  const frozen = /the agent of (\S+)\/(\d+) is frozen/.exec(note);
  const deleted = /the VM of (\S+)\/(\d+) was deleted in the IaaS/.exec(note);
  if (failing !== null) {
    const match = { group: failing[1] ?? "" };
    faults.arm({ point: "agent:get_state", match, count: null, effect: { kind: "error", message: "failing" } });
  } else if (frozen !== null) {
    // The VM that takes its place has an agent of its own.
    const match = {
      group: frozen[1] ?? "",
      index: frozen[2] ?? "",
      vm: instanceOf(frozen[1], frozen[2])?.vm?.cid ?? "",
    };
    faults.arm({ point: "agent:*", match, count: null, effect: { kind: "stuck" } });
  } else if (/report running again/.test(note)) faults.disarm();
  else if (/ answers again/.test(note)) kernel.schedule(THAW_MS, () => faults.disarm());
  else if (deleted !== null) {
    const gone = instanceOf(deleted[1], deleted[2]);
    if (gone?.vm != null) kernel.spawn("deleted behind the director's back", dummy.deleteVm(gone.vm.cid));
  } else return false;
  return true;
}
