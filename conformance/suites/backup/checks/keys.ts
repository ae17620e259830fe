import type { Observation } from "../../../client/http/observation.ts";
import { isSuccess } from "../../../client/request.ts";
import { describeDifferences, differences, type DatabaseContents } from "../../../data/contents.ts";
import type { RecordedSession } from "../../../data/recorded-session.ts";
import { type Evidence, fail, type Outcome, pass, unknown, warn } from "../../../runner/check.ts";
import { createFilled, markedTable, seeTable } from "../../tenants/tables.ts";
import type { BackupClient } from "../client.ts";
import { type BackupContext, describeEnd } from "../context.ts";
import { backupCheck } from "../plan.ts";

const CANARY = "drydock-canary-3e1f7a";
const STATE = markedTable("drydock_sealed", CANARY, "first", "second");

const look = seeTable(STATE);
const fillState = async (session: RecordedSession): Promise<DatabaseContents> => (
  await createFilled(session, STATE), look(session)
);

/** A key that is not a word of any language, because reports must never contain a real key. */
const keyOf = (context: BackupContext, which: string): string => `drydock-${which}-${context.platform.newId()}`;

const setKey = (client: BackupClient, instance: string, key: string): Promise<Observation> =>
  client.ask("setKey", { instance, key });

const textOf = ({ bytes }: Observation): string => Buffer.from(bytes).toString("utf8");

/** Encodings that do not hide a stored text. */
const formsOf = (text: string): readonly string[] => [
  text,
  Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -2),
  Buffer.from(text).toString("hex"),
  encodeURIComponent(text),
];

async function judgeAtRest(context: BackupContext): Promise<Outcome> {
  context.requireLook("store");
  const { client, tenant } = await context.stage("B5", "create");
  await context.inSession(tenant, fillState);
  const key = keyOf(context, "rest");
  if (client.can("setKey")) await setKey(client, tenant.live.id, key);
  const backup = await context.backup(client, tenant);
  const objects = await context.look("store", tenant.live.id);
  if (objects.length === 0) return unknown("the store shows no object", backup.last);
  for (const [what, secret] of [
    ["data", CANARY],
    ["the name of a table", STATE.shape.name],
    ["the key", key],
    ["the password of a binding", tenant.access.login.password],
  ] as const) {
    const at = objects.findIndex((object) => formsOf(secret).some((form) => object.includes(form)));
    if (at >= 0)
      return fail("nothing legible in the store", `${what} in object ${at + 1} of ${objects.length}`, backup.last);
  }
  return pass(backup.last);
}

/** Keys that must not be accepted. */
const SHORT_KEY = "abc";

async function judgeRotation(context: BackupContext): Promise<Outcome> {
  const { client, tenant } = await context.stage("B5", "setKey", "create", "restore");
  const { id } = tenant.live;
  const was = await context.inSession(tenant, fillState);
  const [first, second, wrong] = ["first", "second", "wrong"].map((which) => keyOf(context, which));
  const evidence: Evidence[] = [await setKey(client, id, SHORT_KEY)];
  if (
    evidence.some((each) => "status" in each && typeof each.status === "number" && isSuccess({ status: each.status }))
  )
    return warn("a key of three characters to be refused", "it is taken", ...evidence);
  await setKey(client, id, first ?? "");
  const backup = await context.backup(client, tenant);
  await setKey(client, id, second ?? "");
  const now = await context.inSession(tenant, async (session) => {
    await session.run({ do: "delete", table: STATE.shape, key: "first" });
    return look(session);
  });
  if (JSON.stringify(client.require("restore").body ?? {}).includes("{key}")) {
    const opened = await client.restore(id, backup.id, { key: wrong ?? "" });
    const changed = differences(now, await context.readAfterRestore(tenant.access, [opened], look));
    if (opened.state === "succeeded")
      return fail("a wrong key to open nothing", describeEnd(opened), opened.began, opened.last);
    if (changed.length > 0)
      return fail("a wrong key to change nothing", describeDifferences(changed), opened.began, ...context.lastStep());
    evidence.push(opened.began);
  }
  const old = await client.restore(id, backup.id, { key: first ?? "" });
  if (old.state !== "succeeded")
    return fail(
      "a backup to be restored with the key that was set when it was taken",
      describeEnd(old),
      old.began,
      old.last,
    );
  const found = differences(was, await context.readAfterRestore(tenant.access, [backup, old], look));
  return found.length === 0
    ? pass(...evidence, old.last)
    : fail("the data of the backup", describeDifferences(found), ...context.evidence([old], found));
}

async function judgeSecrecy(context: BackupContext): Promise<Outcome> {
  const { client, live, offer } = await context.apiStage("B5", "setKey", "create");
  const { id } = live;
  const key = keyOf(context, "secret");
  const answers: Observation[] = [await setKey(client, id, key)];
  const backup = await client.create(id);
  answers.push(backup.began, backup.last);
  const ids = { instance: id, backup: backup.id };
  for (const operation of ["settings", "list", "get", "sources", "download"] as const)
    if (client.can(operation)) answers.push(await client.ask(operation, ids));
  const fetched = await context.osb.fetchInstance({ offer, id });
  if (fetched !== undefined) answers.push(fetched);
  const shown = answers.find((answer) => formsOf(key).some((form) => textOf(answer).includes(form)));
  if (shown !== undefined)
    return fail(
      "a key that no answer shows",
      `it is in the answer to ${shown.request.method} ${new URL(shown.request.url).pathname}`,
      shown,
    );
  const logs = context.run.backend.looks?.["logs"];
  const lines = logs === undefined ? [] : await logs(id);
  if (lines.some((line) => line.includes(key))) return fail("a key that no log shows", "it is in a log", ...answers);
  return {
    ...pass(...answers),
    ...(logs === undefined && { reason: "nobody looked into logs (hooks.looks.logs in drydock.yml)" }),
  };
}

async function judgeDownload(context: BackupContext): Promise<Outcome> {
  const { client, tenant } = await context.stage("B5", "setKey", "create", "download");
  const { id } = tenant.live;
  await context.inSession(tenant, fillState);
  const without = await context.backup(client, tenant);
  await setKey(client, id, keyOf(context, "download"));
  const open = await client.ask("download", { instance: id, backup: without.id });
  if (isSuccess(open) && textOf(open).includes(CANARY))
    return fail("no download of a backup that was made without a key", "the data of it", without.last, open);
  const under = await context.backup(client, tenant);
  const first = await client.ask("download", { instance: id, backup: under.id });
  if (!isSuccess(first))
    return fail("the download of a backup that was made under a key", String(first.status), under.last, first);
  if (textOf(first).includes(CANARY))
    return fail("a download that can't be read without the key", "the data in it", first);
  const second = await client.ask("download", { instance: id, backup: under.id });
  if (!Buffer.from(first.bytes).equals(Buffer.from(second.bytes)))
    return fail("the same bytes each time", "other bytes", first, second);
  const anonymous = { ...client.requestFor(client.require("download"), { instance: id, backup: under.id }) };
  const { Authorization: _, ...headers } = anonymous.headers;
  const refused = await context.platform.exchange({ ...anonymous, headers });
  const isAsked = context.platform.settings.target.auth !== undefined;
  if (isSuccess(refused) && isAsked) return fail("no download without credentials", String(refused.status), refused);
  return pass(open, first, refused);
}

/** BK-40: nothing in the store can be read. */
export const atRestCheck = backupCheck("BK-40", {
  requirement: "A stored backup shows neither data nor names, passwords or the key.",
  run: judgeAtRest,
});

/** BK-41: a key that changes, and a wrong one. */
export const rotationCheck = backupCheck("BK-41", {
  requirement:
    "A short key is refused, a wrong one opens nothing and changes nothing, and a backup can be restored with the key that was set when it was taken.",
  run: judgeRotation,
});

/** BK-42: a key is never shown. */
export const secrecyCheck = backupCheck("BK-42", {
  requirement: "A tenant's key appears in no answer and in no log.",
  run: judgeSecrecy,
});

/** BK-43: downloads are for whoever has the key. */
export const downloadCheck = backupCheck("BK-43", {
  requirement:
    "Only a backup that was made under a tenant's key can be downloaded: sealed, the same bytes each time, and not without credentials.",
  run: judgeDownload,
});
