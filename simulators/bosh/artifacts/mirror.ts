import { openAsBlob, statSync } from "node:fs";
import { join } from "node:path";
import { type Fetcher, fetchLocally, isLocal } from "./download.ts";

/*
 * Serves releases and stemcells of other machines from a folder of this one, so that the URLs of a manifest
 * need not be reachable.
 */

/** A plain file name, which can't lead out of the folder. */
const PLAIN = /^[\w.+@-]+$/;

/** The file names under which the folder may hold the archive of an address, most exact first. */
export function mirrorNames(url: string): readonly string[] {
  const { pathname, searchParams } = new URL(url);
  const last = decodeURIComponent(pathname.split("/").at(-1) ?? "");
  const version = searchParams.get("v") ?? searchParams.get("version");
  const bare = last.replace(/-release$/, "");
  const versioned = version === null ? [] : [last, bare].flatMap((name) => [`${name}-${version}.tgz`]);
  return [...new Set([...versioned, last, `${last}.tgz`])].filter((name) => PLAIN.test(name) && !/^\.+$/.test(name));
}

/** Fetches addresses of this machine; serves all others from a folder, with 404 for a name that it lacks. */
export const fetchMirrored =
  (folder: string): Fetcher =>
  async (url, authorization) => {
    if (isLocal(url)) return fetchLocally(url, authorization);
    const path = mirrorNames(url)
      .map((name) => join(folder, name))
      .find((each) => statSync(each, { throwIfNoEntry: false })?.isFile() === true);
    if (path === undefined) return { status: 404, location: null, body: null };
    return { status: 200, location: null, body: (await openAsBlob(path)).stream() };
  };
