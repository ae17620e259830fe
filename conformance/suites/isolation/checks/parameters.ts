import type { JsonObject } from "../../../client/http/json.ts";
import { type Observation } from "../../../client/http/observation.ts";
import { isSuccess } from "../../../client/request.ts";
import { type Offer, schemaOf } from "../../../client/catalog.ts";
import { isObject } from "../../../client/http/json.ts";
import type { Answer } from "../../../client/answer.ts";
import { type Evidence, fail, notApplicable, type Outcome, pass, unknown, warn } from "../../../runner/check.ts";
import { seenOf } from "../../../osb/judge.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";

/** Parameters that a tenant should not be able to set, each in one request. */
const PRIVILEGED: readonly JsonObject[] = [
  { superuser: true },
  { role_privileges: ["SUPERUSER"] },
  { roles: ["root"] },
  { shared_preload_libraries: "/tmp/drydock.so" },
  { raw_config: "listen_addresses = '*'" },
  { drydock_unknown: 1 },
];

/** Whether a plan publishes that it accepts any parameter. */
function takesAny(offer: Offer, names: readonly string[]): boolean {
  const schema = schemaOf(offer, "create");
  if (!isObject(schema)) return false;
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  return names.some((name) => name in properties);
}

/** If a schema allows further parameters, this one may be documented elsewhere: then accepting it is only a warning. */
function accuse(offer: Offer): typeof fail {
  const schema = schemaOf(offer, "create");
  return isObject(schema) && schema["additionalProperties"] === false ? fail : warn;
}

/** Provisions with parameters none of which is published; accepting one is a finding. */
async function refuseEach(context: IsolationContext, all: readonly JsonObject[], expected: string): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const evidence: Evidence[] = [];
  for (const parameters of all) {
    if (takesAny(offer, Object.keys(parameters))) continue;
    const answer = await context.osb.provision(offer, context.platform.newId(), {
      body: { ...context.osb.provisionBody(offer), parameters },
      intent: "bad",
    });
    if (isSuccess(answer)) return accuse(offer)(expected, `${Object.keys(parameters)[0]}: ${answer.status}`, answer);
    if (answer.status >= 500) return fail(expected, seenOf(answer), answer);
    evidence.push(answer);
  }
  return evidence.length === 0
    ? notApplicable("the plan publishes all of them", context.run.catalog)
    : pass(...evidence);
}

/** Addresses to which a tenant must not be able to send the platform. The names resolve to such addresses. */
const INWARD = [
  "http://169.254.169.254/latest/meta-data/",
  "127.0.0.1:22",
  "http://[::1]:8500/v1/catalog/nodes",
  "localhost:3100",
];

async function judgeEgress(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const evidence: Evidence[] = [];
  const accepted: Answer[] = [];
  for (const target of INWARD)
    for (const name of ["syslog", "graphite", "callback_url", "webhook", "backup_store"]) {
      const parameters = { [name]: name === "syslog" || name === "graphite" ? [target] : target };
      const answer = await context.osb.provision(offer, context.platform.newId(), {
        body: { ...context.osb.provisionBody(offer), parameters },
        intent: "bad",
      });
      if (answer.status >= 500) return fail("an internal address to be refused", `${name}: ${answer.status}`, answer);
      (isSuccess(answer) ? accepted : evidence).push(answer);
      if (accepted.length > 0) break;
    }
  const [first] = accepted;
  if (first === undefined) return pass(...evidence.slice(0, 8));
  const look = context.run.backend.looks?.["egress"];
  if (look === undefined)
    return unknown("it is accepted, and nobody looked where it leads (hooks.looks.egress in drydock.yml)", first);
  await context.platform.settle(offer, first);
  const lines = await look(first.instanceId);
  const reached = lines.find((line) =>
    INWARD.some((target) => line.includes(target.replace(/^http:\/\/([^/]+).*$/, "$1"))),
  );
  return reached === undefined ? pass(first) : fail("no connection to an internal address", "one was seen", first);
}

const INJECTIONS = [
  `'; DROP TABLE x; --`,
  `" OR "1"="1`,
  "{{7*7}}",
  "<%= 7*7 %>",
  "${7*7}",
  "*)(uid=*))(|(uid=*",
  "a\nb: c",
  "$(id)",
  "`id`",
  "%s%n%x",
];

/** Users of a platform choose names freely: a broker must take them literally, or refuse them. */
async function judgeInjection(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const evidence: Evidence[] = [];
  for (const text of INJECTIONS) {
    const body = context.osb.provisionBody(offer);
    const given = isObject(body["context"]) ? body["context"] : {};
    const named = { ...given, instance_name: text, organization_name: text, space_name: text };
    const answer = await context.osb.provision(offer, context.platform.newId(), {
      body: { ...body, context: named },
      intent: "bad",
    });
    const shown = Buffer.from(answer.bytes).toString("utf8");
    if (answer.status >= 500) return fail("a name to be taken literally, or refused", String(answer.status), answer);
    if (/7\*7/.test(text) && /\b49\b/.test(shown))
      return fail("a name to be taken literally", "it is evaluated: 49", answer);
    if (isSuccess(answer)) {
      const ended = await context.platform.settle(offer, answer);
      if (ended.state === "failed")
        return fail(
          "a provision to succeed, whatever the name",
          "its provision failed",
          answer,
          ...ended.polls.slice(-1),
        );
      await context.platform.ledger.clean();
    }
    evidence.push(answer);
  }
  return pass(...evidence.slice(0, 6));
}

const SECRET_NAME = /key|secret|passw|token|cert/i;
const CANARY = "drydock-canary-5b0c9e";

async function judgeEcho(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const schema = schemaOf(offer, "create");
  const properties = isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {};
  const name = Object.entries(properties).find(
    ([key, value]) => SECRET_NAME.test(key) && isObject(value) && value["type"] === "string",
  )?.[0];
  if (name === undefined) return notApplicable("no plan publishes a secret parameter", context.run.catalog);
  const live = await context.osb.freshOf(offer, { [name]: CANARY });
  const answers: Observation[] = [live.provisioned.answer, ...live.provisioned.polls];
  const fetched = await context.osb.fetchInstance(live);
  if (fetched !== undefined) answers.push(fetched);
  const shown = answers.find(({ bytes }) => Buffer.from(bytes).includes(CANARY));
  return shown === undefined
    ? pass(...answers)
    : fail("a secret parameter that no answer shows", `${name} as it was given`, shown);
}

/** Parameters with which products restore from another source. */
const SOURCES = [
  "restore_from_latest_snapshot_of",
  "restore_from_point_in_time_of",
  "clone-from",
  "clone_from",
  "backup_id",
  "source_instance_id",
];

async function judgeSources(context: IsolationContext): Promise<Outcome> {
  const offer = await context.chooseOffer();
  const owner = await context.osb.freshOf(offer);
  const evidence: Evidence[] = [];
  for (const name of SOURCES) {
    const ask = (source: string): Promise<Answer> =>
      context.osb.provision(offer, context.platform.newId(), {
        body: { ...asForeign(context.osb.provisionBody(offer)), parameters: { [name]: source } },
        intent: "bad",
      });
    const [foreign, random] = [await ask(owner.id), await ask(context.platform.newId())];
    if (isSuccess(foreign))
      return accuse(offer)(`${name} of another organization's instance to be refused`, seenOf(foreign), foreign);
    if (foreign.status !== random.status)
      return fail(
        "the same answer as for an unknown instance",
        `${foreign.status} and ${random.status}`,
        foreign,
        random,
      );
    evidence.push(foreign);
  }
  return pass(...evidence);
}

const asForeign = (body: JsonObject): JsonObject => ({
  ...body,
  organization_guid: "5d5b5a4e-0000-4000-8000-0000000000aa",
  space_guid: "5d5b5a4e-0000-4000-8000-0000000000bb",
});

/** IS-16: parameters give no privileges. */
export const privilegesCheck = isolationCheck("IS-16", {
  requirement:
    "Parameters that give privileges, carry raw configuration or are unknown are refused, unless the plan publishes them.",
  run: (context) => refuseEach(context, PRIVILEGED, "a parameter that no plan publishes to be refused"),
});

/** IS-17: parameters send the platform nowhere. */
export const egressCheck = isolationCheck("IS-17", {
  requirement:
    "Parameters that name an internal address, such as the metadata service's, are refused, or nothing connects to it.",
  run: judgeEgress,
});

/** IS-18: parameters inject nothing. */
export const injectionCheck = isolationCheck("IS-18", {
  requirement: "Names with quotes, templates, line ends and commands are taken literally, or refused.",
  run: judgeInjection,
});

/** IS-19: secret parameters are not echoed. */
export const echoCheck = isolationCheck("IS-19", {
  requirement: "A secret parameter appears in no answer.",
  run: judgeEcho,
});

/** IS-20: another's backup is not a source of a new instance. */
export const sourcesCheck = isolationCheck("IS-20", {
  requirement:
    "An instance or backup of another organization that a provision names as its source is refused like an unknown one.",
  run: judgeSources,
});
