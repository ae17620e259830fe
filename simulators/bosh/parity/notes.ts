import type { Instance } from "../state/deployments.ts";
import { dummyError } from "../cpi/dummy.ts";
import type { Client } from "./client.ts";

/** How long an agent stays silent after it was frozen: it has to reconnect to the message bus. */
const THAW_MS = 30_000;

/** Repeats the steps that a recording's note describes as done outside the API, with the simulator's own faults. */
export function causeNote(client: Client, note: string): readonly string[] {
  const parts = note.split("; ").map((part) => causePart(client, part));
  return parts.includes(false) ? [`not simulated: ${note}`] : [];
}

/** Sets a value in the config server: a new one of its type, or the one that the note gives. */
function setVariable({ bosh }: Client, name: string, given: string | undefined): void {
  const { variables } = bosh.state();
  const versions = variables.get(name) ?? [];
  const last = versions.at(-1);
  const id = `${versions.length}`.padStart(8, "0").concat("-0000-4000-8000-000000000000");
  const value = given ?? "fresh";
  variables.set(name, [...versions, { type: "value", options: "null", ...last, id, name, value }]);
}

function causePart(client: Client, note: string): boolean {
  const { kernel, bosh, dummy, failing } = client;
  const set = /^(?:the value of )?(\S+) was set (?:anew|to (\S+)) in the config server$/.exec(note);
  if (set !== null) {
    setVariable(client, set[1] ?? "", set[2]);
    return true;
  }
  const { faults } = kernel;
  const sick = /agents of group (\S+) report job \S+ as failing/.exec(note);
  const frozen = /the agent of (\S+)\/(\d+) is frozen/.exec(note);
  const deleted = /the VM of (\S+)\/(\d+) was deleted in the IaaS/.exec(note);
  const broken = /^(\w+) of the CPI (?:fails|raises)(?: (?:in \w+ )?with)? ?(?:(Bosh::\S+))? ?(?:"([^"]*)")?$/.exec(
    note,
  );
  const lost = /the disk of (\S+)\/(\d+) was deleted in the IaaS/.exec(note);
  if (sick !== null) {
    const match = { group: sick[1] ?? "" };
    faults.arm({ point: "agent:get_state", match, count: null, effect: { kind: "error", message: "failing" } });
  } else if (frozen !== null) {
    // The replacement VM has a different agent.
    const match = { vm: instanceNamed(bosh, frozen)?.vm?.cid ?? "" };
    faults.arm({ point: "agent:*", match, count: null, effect: { kind: "stuck" } });
  } else if (broken !== null) {
    const [, method = "", type, message = type ?? ""] = broken;
    failing.set(method, dummyError(message, type ?? "RuntimeError"));
  } else if (note.startsWith("a loopback http server")) return true;
  else if (/^\w+ works again$/.test(note)) failing.delete(note.split(" ")[0] ?? "");
  else if (/report running again/.test(note)) faults.disarm();
  else if (/ answers again/.test(note)) kernel.schedule(THAW_MS, () => faults.disarm());
  else if (deleted !== null) {
    const gone = instanceNamed(bosh, deleted);
    if (gone?.vm != null) kernel.spawn(BEHIND, dummy.deleteVm(gone.vm.cid));
  } else if (lost !== null) {
    const owner = instanceNamed(bosh, lost);
    if (owner?.disk != null) kernel.spawn(BEHIND, dummy.deleteDisk(owner.disk.cid));
  } else return false;
  return true;
}

const BEHIND = "deleted behind the director's back";

const instanceNamed = (bosh: Client["bosh"], [, group, at]: RegExpExecArray): Instance | undefined =>
  [...bosh.state().deployments.values()]
    .flatMap(({ instances }) => instances)
    .find((each) => each.group === group && String(each.index) === at);
