import { Refusal } from "../../refusal.ts";
import { findContainer } from "../state/containers.ts";
import type { ContainerRow, ObjectRow, Swift, VersionRow } from "../state/state.ts";
import { notFound, refusal } from "../wire/errors.ts";
import { timestamp } from "../wire/headers.ts";
import { md5 } from "./large-objects.ts";

/*
 * Versions of objects: those of `X-Versions-Enabled`, which the container keeps beside its objects, and the older ones of
 * `X-Versions-Location` and `X-History-Location`, which are objects in another container.
 */

const DELETED_TYPE = "application/x-deleted;swift_versions_deleted=1";

/** The versions of an object, the oldest first. */
export const versionsOf = (container: ContainerRow, name: string): readonly VersionRow[] =>
  container.versions?.get(name) ?? [];

/** An id that is later than all others of the object. */
function nextId(container: ContainerRow, name: string, nowMs: number): string {
  const last = Number(versionsOf(container, name).at(-1)?.id ?? 0);
  const now = Number(timestamp(nowMs));
  return (now > last ? now : last + 0.000_01).toFixed(5);
}

function addVersion(container: ContainerRow, name: string, version: VersionRow): void {
  container.versions ??= new Map();
  container.versions.set(name, [...versionsOf(container, name), version]);
}

/** An object from before versions were kept becomes a version. */
function keepOld(container: ContainerRow, name: string): void {
  const old = container.objects.get(name);
  if (old === undefined || old.versionId !== undefined) return;
  addVersion(container, name, { id: timestamp(old.storedMs), object: old, storedMs: old.storedMs });
}

/** The object as a container that keeps versions stores it; as it is in any other. */
export function asVersion({ cloud }: Swift, container: ContainerRow, name: string, object: ObjectRow): ObjectRow {
  if (container.isVersioned !== true) return object;
  keepOld(container, name);
  const stored = { ...object, versionId: nextId(container, name, cloud.kernel.nowMs) };
  addVersion(container, name, { id: stored.versionId, object: stored, storedMs: stored.storedMs });
  return stored;
}

/** Marks the object as deleted; returns the id of the mark. */
export function markDeleted({ cloud }: Swift, container: ContainerRow, name: string): string {
  keepOld(container, name);
  const { nowMs } = cloud.kernel;
  const id = nextId(container, name, nowMs);
  addVersion(container, name, { id, object: null, storedMs: nowMs });
  container.objects.delete(name);
  return id;
}

/** The version that a query names; `undefined` if it names none. @throws Refusal 400, 404 */
export function versionIn(container: ContainerRow, name: string, query: URLSearchParams): VersionRow | undefined {
  const id = query.get("version-id") ?? "";
  if (id === "") return undefined;
  if (id !== "null" && !/^\d+\.\d{5}$/.test(id)) throw new Refusal(400, "", "Invalid version parameter");
  const version = versionsOf(container, name).find((each) => each.id === id);
  if (version === undefined) throw notFound();
  return version;
}

/** Removes one version; if it was the object itself, that is removed. */
export function removeVersion(container: ContainerRow, name: string, { id }: VersionRow): void {
  const rest = versionsOf(container, name).filter((each) => each.id !== id);
  if (rest.length > 0) container.versions?.set(name, rest);
  else container.versions?.delete(name);
  if (container.objects.get(name)?.versionId === id) container.objects.delete(name);
}

/** Lines of a listing of all versions: by name, the newest first. */
export const listedVersions = (container: ContainerRow): readonly (readonly [name: string, line: object])[] =>
  [...(container.versions ?? [])]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap(([name, versions]) =>
      versions.toReversed().map((version, at) => [name, versionLine(name, version, at === 0)] as const),
    );

const versionLine = (name: string, { id, object, storedMs }: VersionRow, isLatest: boolean): object => ({
  bytes: object?.data.length ?? 0,
  hash: object?.etag ?? md5(""),
  name,
  content_type: object?.type ?? DELETED_TYPE,
  last_modified: new Date(storedMs).toISOString().replace("Z", "000"),
  is_latest: isLatest,
  version_id: id,
});

const archivePrefix = (name: string): string => `${Buffer.byteLength(name).toString(16).padStart(3, "0")}${name}/`;

const locationOf = ({ metadata }: ContainerRow): string | undefined =>
  metadata["x-versions-location"] ?? metadata["x-history-location"];

/** Moves what an object was into the container of its versions. @throws Refusal 412 if that is missing */
export function archive(swift: Swift, account: string, container: ContainerRow, name: string): void {
  const location = locationOf(container);
  const old = container.objects.get(name);
  if (location === undefined || old === undefined) return;
  const target = findContainer(swift, account, location);
  if (target === undefined) throw refusal(412);
  target.objects.set(`${archivePrefix(name)}${timestamp(old.storedMs)}`, old);
}

/** Deletes an object whose container has a place for versions: the last one comes back, or the history continues. Returns whether that happened. */
export function deleteArchived(swift: Swift, account: string, container: ContainerRow, name: string): boolean {
  const target = findContainer(swift, account, locationOf(container) ?? "");
  if (target === undefined) return false;
  if (container.metadata["x-history-location"] !== undefined) {
    archive(swift, account, container, name);
    const { nowMs } = swift.cloud.kernel;
    const mark = { data: new Uint8Array(), etag: md5(""), type: DELETED_TYPE, storedMs: nowMs, metadata: {} };
    target.objects.set(`${archivePrefix(name)}${timestamp(nowMs)}`, mark);
    return container.objects.delete(name);
  }
  const prefix = archivePrefix(name);
  const last = [...target.objects.keys()]
    .filter((each) => each.startsWith(prefix))
    .sort()
    .at(-1);
  const object = last === undefined ? undefined : target.objects.get(last);
  if (last === undefined || object === undefined) return false;
  container.objects.set(name, object);
  return target.objects.delete(last);
}
