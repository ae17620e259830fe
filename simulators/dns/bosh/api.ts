import { type HttpReply, type HttpRequest, type Kernel, queryOf, type Service } from "../../kernel/index.ts";
import { textReply } from "../wire/handler.ts";
import { anyMethodService } from "./go-server.ts";
import type { InstanceJob } from "./health-server.ts";
import { fqdnOf } from "../wire/codec/names.ts";
import type { InstanceRecord } from "./records.ts";
import type { RecordSet } from "./record-set.ts";
import type { InstanceHealth } from "./state.ts";

/** The data that the API shows. */
interface Shown {
  readonly records: RecordSet;
  readonly jobs: Readonly<Record<string, InstanceJob>>;
  /** As BOSH DNS knows it. */
  readonly healthOf: (ip: string) => InstanceHealth;
  /** The current report of the instance's own health server; empty if health is off. */
  readonly ownHealth: () => InstanceHealth;
}

/** The API of BOSH DNS, for callers on the same machine with a certificate. */
export const createBoshDnsApi = (kernel: Kernel, name: string, shown: Shown): Service =>
  anyMethodService(kernel, name, {
    "/instances": (request) => instances(shown, request),
    "/local-groups": () => lines(groups(shown)),
  });

const REASON = {
  criteria: "error parsing query criteria",
  domain: "no records match requested domain",
} as const;

function instances({ records, healthOf }: Shown, request: HttpRequest): HttpReply {
  const address = queryOf(request).get("address") ?? "";
  if (address === "") return lines(records.instances.map((each) => instanceLine(each, healthOf)));
  // Without a name to follow, nothing waits.
  const found = records.members(records.expand(fqdnOf(address)), false).next();
  const members = found.done === true ? found.value : [];
  if (typeof members === "string") return textReply(422, REASON[members]);
  return lines(members.map((each) => instanceLine(each, healthOf)));
}

const instanceLine = (record: InstanceRecord, healthOf: Shown["healthOf"]): unknown => {
  const { id, group, network, deployment, ip, domain, az, index } = record;
  return { id, group, network, deployment, ip, domain, az, index, health_state: healthOf(ip).state };
};

function groups({ jobs, ownHealth }: Shown): readonly unknown[] {
  const health = ownHealth();
  const own = { job_name: "", link_name: "", link_type: "", group_id: "", health_state: health.state };
  const linked = Object.keys(jobs)
    .sort()
    .flatMap((job) =>
      (jobs[job]?.links ?? []).map(({ group, name, type }) => ({
        job_name: job,
        link_name: name ?? "",
        link_type: type ?? "",
        group_id: group,
        health_state: health.groups[group] ?? "",
      })),
    );
  return [own, ...linked];
}

/** One JSON text per line, with `<`, `>` and `&` escaped, as Go writes them. */
const lines = (values: readonly unknown[]): HttpReply =>
  values.length === 0
    ? { status: 200, body: "" }
    : textReply(200, values.map((value) => `${goJson(value)}\n`).join(""));

const goJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
