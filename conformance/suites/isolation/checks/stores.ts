import { fail, type Outcome, pass, unknown } from "../../../runner/check.ts";
import type { IsolationContext } from "../context.ts";
import { isolationCheck } from "../plan.ts";
import { CANARY, createWorking, evidenceOf, shownIn } from "../traces.ts";

/** The credentials of the store, as an operator's hook prints them, appear neither in a log nor where a tenant can see them. */
async function judgeStoreCredentials(context: IsolationContext): Promise<Outcome> {
  context.requireLook("store-credentials");
  const tenant = await createWorking(context);
  const hidden = await context.look("store-credentials", tenant.live.id);
  const places = [
    ...(await context.look("logs", tenant.live.id)),
    ...(await context.look("tenant-store", tenant.live.id)),
  ];
  const shown = hidden.find((secret) => shownIn(places, { it: secret }) !== undefined);
  return shown === undefined
    ? pass(...evidenceOf(context, tenant))
    : fail(
        "credentials of the store that nobody shows",
        "one in a log, or on a tenant's VM",
        ...evidenceOf(context, tenant),
      );
}

/** A tenant's VM may read only its own objects in the store. */
async function judgeStores(context: IsolationContext): Promise<Outcome> {
  context.requireLook("tenant-store");
  const [own, other] = [await createWorking(context), await createWorking(context)];
  const client = await context.backups(own.live.offer, "B1", "create");
  const backup = await client.create(other.live.id);
  const shown = shownIn(await context.look("tenant-store", own.live.id), {
    "another's backup": backup.id,
    "another's id": other.live.id,
    "what another wrote": CANARY,
  });
  return shown === undefined
    ? pass(backup.last)
    : fail("a store that shows a tenant its own alone", shown, backup.last);
}

/** The same data of two tenants, and of one tenant twice, are stored as different bytes. */
async function judgeKeys(context: IsolationContext): Promise<Outcome> {
  context.requireLook("store");
  const [a, b] = [await createWorking(context), await createWorking(context)];
  const client = await context.backups(a.live.offer, "B1", "create");
  const taken = [await client.create(a.live.id), await client.create(a.live.id), await client.create(b.live.id)];
  // The hook may show the objects of one instance or the whole store.
  const objects = new Set([...(await context.look("store", a.live.id)), ...(await context.look("store", b.live.id))]);
  const contents = taken.map(({ id }) =>
    [...objects].filter((each) => each.includes(id)).map((each) => each.slice(each.indexOf(" ") + 1)),
  );
  if (contents.some((each) => each.length === 0))
    return unknown("the store shows no object that names a backup", ...taken.map(({ last }) => last));
  const all = contents.flat();
  const evidence = taken.map(({ last }) => last);
  return new Set(all).size === all.length
    ? pass(...evidence)
    : fail("another ciphertext each time, under a key of each tenant", "the same bytes twice", ...evidence);
}

/** IS-62: stores are apart. */
export const storesCheck = isolationCheck("IS-62", {
  requirement: "A tenant's VM can neither list nor read anything of another's backups in the store.",
  instances: 2,
  run: judgeStores,
});

/** IS-63: each tenant has a key of its own. */
export const keysCheck = isolationCheck("IS-63", {
  requirement: "The same data are stored as different bytes for each tenant, and each time.",
  instances: 2,
  run: judgeKeys,
});

/** IS-67: the store's credentials are hidden. */
export const storeCredentialsCheck = isolationCheck("IS-67", {
  requirement: "The credentials of the store appear in no log and on no tenant's VM.",
  run: judgeStoreCredentials,
});
