import { DataError, type Vantage, type WebAnswer, type WebRequest } from "../../../data/plane.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown, Verdicted } from "../../../runner/check.ts";
import type { Tenant } from "../../tenants/tenants.ts";
import { judgeOpenPort } from "../attempts.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";

/** The vantage of a tenant: its own VM if that is available, otherwise its application. */
const placeOf = ({ recorder: { plane } }: IsolationContext, { access }: Tenant): Vantage =>
  plane.hasTenantVm ? { vmOf: access.login.host } : "application";

const isName = (host: string): boolean => !/^[\d.]+$|:/.test(host);

/** The answer of the registry; undefined if nobody answers. */
async function ask(context: IsolationContext, request: WebRequest, from: Vantage): Promise<WebAnswer | undefined> {
  return context.recorder.ask(request, from).catch((error: unknown) => {
    if (error instanceof DataError && error.fault === "unreachable") return undefined;
    if (error instanceof DataError) throw new Verdicted(unknown(error.message, ...context.lastStep()));
    throw error;
  });
}

/** The zones that contain a host, narrowest first, without top-level domains. */
function zonesOf(host: string): readonly string[] {
  const labels = host.split(".");
  return labels.map((_, at) => labels.slice(at + 1).join(".")).filter((zone) => zone.includes("."));
}

/** Requests that list names: of nodes, of services, of stored keys (Consul's HTTP API). */
const LISTS = [
  "/v1/catalog/nodes",
  "/v1/catalog/services",
  "/v1/agent/services",
  "/v1/agent/members",
  "/v1/kv/?keys",
  "/v1/internal/ui/services",
];

/** Whether an answer lists anything: without a token Consul filters, and answers with an empty list. */
function listsAnything({ status, text }: WebAnswer): boolean {
  if (status !== 200) return false;
  const bare = text.trim();
  return bare !== "" && bare !== "[]" && bare !== "{}" && bare !== "null";
}

async function judgeLists(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const { plane } = context.recorder;
  const { registry } = context.run.file.data;
  if (plane.transferZone === undefined && (registry === undefined || plane.ask === undefined))
    return notApplicable("nobody names the name server or the registry (data.dns, data.registry in drydock.yml)");
  const tenant = await context.tenant(offer);
  const from = placeOf(context, tenant);
  const evidence: Evidence[] = [];
  const { host } = tenant.access.login;
  if (plane.transferZone !== undefined && isName(host))
    for (const zone of zonesOf(host)) {
      const names = await context.recorder.transferZone(zone, from);
      evidence.push(...context.lastStep());
      if (names.length > 0)
        return fail("a zone not to be given out", `${zone}: ${names.length} names`, ...context.lastStep());
    }
  const asked = registry === undefined || plane.ask === undefined ? [] : LISTS;
  for (const path of asked) {
    const answer = await ask(context, { method: "GET", url: `${registry}${path}` }, from);
    evidence.push(...context.lastStep());
    if (answer !== undefined && listsAnything(answer))
      return fail("the names of others not to be listed", `${path} is answered`, ...context.lastStep());
  }
  return pass(tenant.bound, ...evidence);
}

/** How many names near one's own are tried, and the distance between them. */
const GUESSES = 64;

/** Names like one's own: its longest run of hexadecimal digits counted up and down. */
function guessNames(host: string, count: number): readonly string[] {
  const [label = "", ...rest] = host.split(".");
  const [run = ""] = [...(label.match(/[0-9a-f]{5,12}/g) ?? [])].toSorted((a, b) => b.length - a.length);
  if (run === "") return [];
  const value = BigInt(`0x${run}`);
  return Array.from({ length: count }, (_, at) => {
    const step = BigInt((at >> 1) + 1) * (at % 2 === 0 ? 1n : -1n);
    const near = ((value + step) & ((1n << BigInt(4 * run.length)) - 1n)).toString(16).padStart(run.length, "0");
    return [label.replace(run, near), ...rest].join(".");
  });
}

/** Names are not secret, so a name guessed from one's own must lead to nothing that answers. */
async function judgeGuesses(context: IsolationContext): Promise<Outcome> {
  context.requireDangerous("IS-52");
  const offer = await context.requireUsableOffer();
  if (!context.recorder.plane.hasTenantVm)
    return notApplicable("nobody stands at another tenant's VM (data.tenant in drydock.yml)");
  const [own, other] = [await context.tenant(offer), await context.tenant(offer)];
  const { host, port } = own.access.login;
  if (!isName(host)) return notApplicable("bindings give addresses and no names", own.bound);
  const names = new Set([other.access.login.host, ...guessNames(host, GUESSES)]);
  names.delete(host);
  const from: Vantage = { vmOf: host };
  let resolved = 0;
  for (const name of names) {
    const isThere = await context.recorder.plane.resolve(name).then(
      () => true,
      (error: unknown) => {
        if (error instanceof DataError) return false;
        throw error;
      },
    );
    if (!isThere) continue;
    resolved++;
    const reach = await context.recorder.tryPort({ host: name, port }, from);
    if (reach === "shut") continue;
    return judgeOpenPort(reach, "a name that can be guessed to lead to nothing", `at ${name}`, context.lastStep());
  }
  const reason = `${names.size} names tried, ${resolved} of them known, and nothing answers there`;
  return { ...pass(own.bound, other.bound, ...context.lastStep()), reason };
}

/** Requests that register a name (Consul's HTTP API): in the catalog, and with an agent. */
function registrations(host: string, address: string): readonly (readonly [WebRequest, WebRequest])[] {
  const [node = ""] = host.split(".");
  const body = JSON.stringify({
    Node: "drydock",
    Address: address,
    Service: { ID: "drydock", Service: node, Address: address },
  });
  return [
    [
      { method: "PUT", url: "/v1/catalog/register", body },
      { method: "PUT", url: "/v1/catalog/deregister", body: JSON.stringify({ Node: "drydock" }) },
    ],
    [
      {
        method: "PUT",
        url: "/v1/agent/service/register",
        body: JSON.stringify({ ID: "drydock", Name: node, Address: address, Port: 1 }),
      },
      { method: "PUT", url: "/v1/agent/service/deregister/drydock" },
    ],
  ];
}

/** Nobody may take over another's name: a registration from a tenant's VM is refused, and the name keeps its target. */
async function judgeSpoofing(context: IsolationContext): Promise<Outcome> {
  const offer = await context.requireUsableOffer();
  const { plane } = context.recorder;
  const { registry } = context.run.file.data;
  if (registry === undefined || plane.ask === undefined)
    return notApplicable("nobody names the registry (data.registry in drydock.yml)");
  const [attacker, victim] = [await context.tenant(offer), await context.tenant(offer)];
  const { host } = victim.access.login;
  const was = await plane.resolve(host);
  const own = await plane.resolve(attacker.access.login.host);
  const from = placeOf(context, attacker);
  const evidence: Evidence[] = [];
  for (const [register, forget] of registrations(host, own)) {
    const answer = await ask(context, { ...register, url: `${registry}${register.url}` }, from);
    const step = context.lastStep();
    evidence.push(...step);
    const now = await plane.resolve(host);
    if (answer === undefined || answer.status >= 300) continue;
    await ask(context, { ...forget, url: `${registry}${forget.url}` }, from);
    const led = now === was ? "the registration is accepted" : `${host} leads to ${now} instead of ${was}`;
    return fail("nobody to register another's name", led, ...step);
  }
  return pass(attacker.bound, victim.bound, ...evidence);
}

/** IS-51: names can't be listed. */
export const listsCheck = isolationCheck("IS-51", {
  requirement: "Neither the name server nor the registry gives a tenant a list of names.",
  run: judgeLists,
});

/** IS-52: guessable names are harmless. */
export const guessesCheck = isolationCheck("IS-52", {
  requirement: `Nothing answers a tenant's VM at ${GUESSES} names that are guessed from its own, nor at another tenant's.`,
  instances: 2,
  run: judgeGuesses,
});

/** IS-54: nobody registers another's name. */
export const spoofingCheck = isolationCheck("IS-54", {
  requirement: "A tenant's VM can't register another instance's name, which leads where it led before.",
  instances: 2,
  exclusive: true,
  run: judgeSpoofing,
});
