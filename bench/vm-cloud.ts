import { type HttpReply, Kernel, makeRequest, Process, replyHeader, type Service } from "../simulators/kernel/index.ts";
import { createOpenStack, type OpenStack } from "../simulators/openstack/index.ts";

type Call = (service: Service, method: string, path: string, body?: object | string) => HttpReply;
interface Named {
  readonly id: string;
}

/** An OpenStack with room for any number of servers, called without sockets, as its services call each other. */
interface VmCloud {
  readonly kernel: Kernel;
  readonly openstack: OpenStack;
  readonly token: string;
  /** The body of `POST /v2.1/servers`. */
  readonly serverBody: string;
  /** Asks for one server; it is BUILD until time passes. */
  create(): void;
  /** Lets virtual time pass until every server is ACTIVE. */
  settle(): void;
}

function awaitReply(kernel: Kernel, reply: HttpReply | Process<HttpReply>): HttpReply {
  if (!(reply instanceof Process)) return reply;
  while (reply.running && kernel.step());
  if (reply.outcome.state !== "done") throw new Error("the reply never came");
  return reply.outcome.value;
}

/** The time in which any server boots, ms. */
const BOOT_MS_MAX = 1_800_000;

/** `startMs`: the time at which it begins (Unix, ms). A cloud driven by the wall clock begins now. */
export function vmCloud(startMs?: number): VmCloud {
  const kernel = new Kernel({ seed: "bench", journalEventsMax: 1000, ...(startMs !== undefined && { startMs }) });
  const admin = { user: "admin", password: "bench", project: "admin" };
  const openstack = createOpenStack(kernel, { admin });
  const { services } = openstack;
  let token = "";
  const call: Call = (service, method, path, body) => {
    const type = typeof body === "string" ? "application/octet-stream" : "application/json";
    const headers = { "content-type": type, "x-auth-token": token, host: "bench" };
    const text = typeof body === "object" ? JSON.stringify(body) : (body ?? "");
    const reply = awaitReply(kernel, service.call(makeRequest(method, path, { headers, body: text })));
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.json)}`);
    return reply;
  };
  const password = { user: { name: admin.user, domain: { id: "default" }, password: admin.password } };
  const scope = { project: { name: admin.project, domain: { id: "default" } } };
  const auth = call(services.keystone, "POST", "/v3/auth/tokens", {
    auth: { identity: { methods: ["password"], password }, scope },
  });
  token = replyHeader(auth, "x-subject-token") ?? "";
  const { token: scoped } = auth.json as { token: { project: { id: string } } };
  const serverBody = JSON.stringify(prepare(call, services, scoped.project.id));
  const headers = { "content-type": "application/json", "x-auth-token": token, host: "bench" };
  const request = makeRequest("POST", "/v2.1/servers", { headers, body: serverBody });
  return {
    kernel,
    openstack,
    token,
    serverBody,
    create: () => {
      const { status, json } = services.nova.call(request) as HttpReply;
      if (status !== 202) throw new Error(`POST /servers: ${status} ${JSON.stringify(json)}`);
    },
    settle: () => kernel.advanceTo(kernel.nowMs + BOOT_MS_MAX),
  };
}

/** Creates quotas, a flavor, an image and a network of a million addresses; returns the request for a server. */
function prepare(call: Call, { nova, neutron, glance }: OpenStack["services"], project: string): object {
  call(nova, "PUT", `/v2.1/os-quota-sets/${project}`, { quota_set: { instances: -1, cores: -1, ram: -1 } });
  call(neutron, "PUT", `/v2.0/quotas/${project}`, { quota: { port: -1 } });
  const { flavor } = call(nova, "POST", "/v2.1/flavors", { flavor: { name: "bench", ram: 512, vcpus: 1, disk: 1 } })
    .json as { flavor: Named };
  const wanted = { name: "bench", disk_format: "raw", container_format: "bare" };
  const image = call(glance, "POST", "/v2/images", wanted).json as Named;
  call(glance, "PUT", `/v2/images/${image.id}/file`, "an image");
  const { network } = call(neutron, "POST", "/v2.0/networks", { network: { name: "bench" } }).json as {
    network: Named;
  };
  call(neutron, "POST", "/v2.0/subnets", {
    subnet: { network_id: network.id, ip_version: 4, cidr: "10.0.0.0/12", enable_dhcp: false },
  });
  return { server: { name: "idle", flavorRef: flavor.id, imageRef: image.id, networks: [{ uuid: network.id }] } };
}
