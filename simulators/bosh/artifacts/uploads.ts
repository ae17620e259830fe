import type { Body } from "../../kernel/index.ts";
import { DirectorError } from "../wire/errors.ts";
import type { Archive, BrokenArchive } from "./archive.ts";
import type { Download } from "./download.ts";

/** The source of an upload: the archive itself, its address, or neither. */
export type Upload =
  | { readonly kind: "archive"; readonly archive: Archive | BrokenArchive }
  | { readonly kind: "url"; readonly download: Download }
  | { readonly kind: "nothing" };

/** The archive of an upload; undefined if there is none. */
export function archiveOf(upload: Upload): Archive | BrokenArchive | undefined {
  if (upload.kind === "nothing") return undefined;
  if (upload.kind === "archive") return upload.archive;
  return upload.download.kind === "archive" ? upload.download.archive : undefined;
}

/** @throws DirectorError 100, 100001, 100002 if a download has failed */
export function* failDownload(download: Download, what: "release" | "stemcell"): Body {
  if (download.kind === "missing") throw new DirectorError(100002, `No ${what} found at '${download.url}'.`);
  if (download.kind === "refused") throw new DirectorError(download.code, download.message);
  if (download.kind === "failed")
    throw new DirectorError(100001, `Downloading remote ${what} failed. Check task debug log for details.`);
}
