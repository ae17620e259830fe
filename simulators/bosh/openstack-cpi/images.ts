import type { Body } from "../../kernel/index.ts";
import { CpiError, type Properties } from "../cpi/cpi.ts";
import type { CpiProcess } from "./process.ts";
import { IMAGE } from "./replies.ts";
import { settle } from "./settle.ts";

const CONTENT_BYTES = 1024;

/** Creates an image and uploads a stand-in for the stemcell's contents. Returns its id. @throws CpiError */
export function* createImage(process: CpiProcess, name: string, version: string, properties: Properties): Body<string> {
  const text = (key: string, fallback: string): string => String(properties[key] ?? fallback);
  const { id } = yield* process.read(IMAGE, "glance", "POST", "/v2/images", {
    name: `${name}/${version}`,
    disk_format: text("disk_format", "qcow2"),
    container_format: text("container_format", "bare"),
    visibility: "private",
    os_type: text("os_type", "linux"),
    os_distro: text("os_distro", "ubuntu"),
    architecture: text("architecture", "x86_64"),
    hypervisor_type: text("hypervisor", "kvm"),
  });
  const path = `/v2/images/${id}`;
  yield* settle(process, "glance", path, "", ["queued"]);
  const upload = yield* process.ask("glance", "PUT", `${path}/file`, Buffer.alloc(CONTENT_BYTES, name));
  if (upload.status !== 204) throw new CpiError(`image upload answered ${upload.status}`);
  yield* settle(process, "glance", path, "", ["active"]);
  return id;
}

/** Deletes an image; one that is already gone is not an error. */
export function* deleteImage(process: CpiProcess, id: string): Body {
  yield* process.ask("glance", "DELETE", `/v2/images/${id}`);
}
