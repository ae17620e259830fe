import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { createGzip } from "node:zlib";
import { pack } from "tar-stream";
import type { CloudDescription } from "../../scenarios/cloud/description.ts";

const MIB = 1024 * 1024;

type Director = CloudDescription["director"];

async function textOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message) text += String(chunk);
  return text;
}

async function tokenOf({ uaaUrl, client, clientSecret, caCert }: Director): Promise<string> {
  const headers = {
    authorization: `Basic ${btoa(`${client}:${clientSecret}`)}`,
    "content-type": "application/x-www-form-urlencoded",
  };
  const asking = request(`${uaaUrl}/oauth/token`, { method: "POST", ca: caCert, headers });
  asking.end("grant_type=client_credentials");
  const [message] = (await once(asking, "response")) as [IncomingMessage];
  return (JSON.parse(await textOf(message)) as { access_token: string }).access_token;
}

/** Uploads a stemcell of this size, generated while it is sent, over TLS; returns the status and the task's URL. */
export async function uploadStemcell(director: Director, sizeMib: number): Promise<{ status: number; task: string }> {
  const block = randomBytes(MIB);
  const hash = createHash("sha1");
  for (let each = 0; each < sizeMib; each++) hash.update(block);
  const manifest = {
    name: "bosh-openstack-kvm-large",
    version: "1",
    bosh_protocol: "1",
    api_version: 3,
    sha1: hash.digest("hex"),
    operating_system: "ubuntu-jammy",
    stemcell_formats: ["openstack-qcow2"],
    cloud_properties: { infrastructure: "openstack", disk: 5120, disk_format: "qcow2", container_format: "bare" },
  };
  const headers = {
    authorization: `bearer ${await tokenOf(director)}`,
    "content-type": "application/x-compressed",
  };
  const upload = request(`${director.url}/stemcells`, { method: "POST", ca: director.caCert, headers });
  const answered = once(upload, "response") as Promise<[IncomingMessage]>;
  const archive = pack();
  archive.pipe(createGzip({ level: 0 })).pipe(upload);
  archive.entry({ name: "stemcell.MF" }, JSON.stringify(manifest));
  const image = archive.entry({ name: "image", size: sizeMib * MIB });
  for (let each = 0; each < sizeMib; each++) if (!image.write(block)) await once(image, "drain");
  image.end(undefined);
  archive.finalize();
  const [message] = await answered;
  message.resume();
  return { status: message.statusCode ?? 0, task: String(message.headers.location) };
}
