import type { Body } from "../../kernel/index.ts";
import { CpiError, type VmRequest } from "../cpi/cpi.ts";
import { metadataBody } from "./metadata.ts";
import { createPort, findSecurityGroups } from "./ports.ts";
import type { CpiProcess } from "./process.ts";
import { FLAVORS, PORTS, SERVER } from "./replies.ts";
import { settle } from "./settle.ts";

/**
 * Creates a server with a port in each manual network; deletes both again if that fails. Returns the server's
 * id.
 * @throws CpiError
 */
export function* createServer(
  process: CpiProcess,
  request: VmRequest,
  { name, keyName }: { readonly name: () => string; readonly keyName: string },
): Body<string> {
  const groups = yield* findSecurityGroups(process, request);
  yield* process.request("glance", "GET", `/v2/images/${request.stemcellCid}`);
  const flavorId = yield* findFlavor(process, String(request.cloudProperties.instance_type));
  yield* process.request("nova", "GET", "/v2.1/os-keypairs");
  const ports: string[] = [];
  try {
    for (const network of request.networks.filter(({ type }) => type === "manual"))
      ports.push(yield* createPort(process, network, groups));
    return yield* bootServer(process, request, { name: name(), keyName, flavorId, ports });
  } catch (error) {
    for (const port of ports) yield* process.ask("neutron", "DELETE", `/v2.0/ports/${port}`);
    throw error;
  }
}

/** @throws CpiError */
function* findFlavor(process: CpiProcess, name: string): Body<string> {
  const { flavors } = yield* process.read(FLAVORS, "nova", "GET", "/v2.1/flavors/detail");
  const flavor = flavors.find((each) => each.name === name);
  if (flavor === undefined) throw new CpiError(`Flavor '${name}' not found`);
  return flavor.id;
}

interface BootOptions {
  readonly name: string;
  readonly keyName: string;
  readonly flavorId: string;
  readonly ports: readonly string[];
}

function* bootServer(process: CpiProcess, request: VmRequest, options: BootOptions): Body<string> {
  const { name, keyName, flavorId, ports } = options;
  const zone = request.cloudProperties.availability_zone;
  const userData = JSON.stringify({ server: { name }, agent_id: request.agentId });
  const { server } = yield* process.read(SERVER, "nova", "POST", "/v2.1/servers", {
    server: {
      name,
      imageRef: request.stemcellCid,
      flavorRef: flavorId,
      key_name: keyName,
      ...(zone === undefined ? {} : { availability_zone: zone }),
      networks: ports.map((port) => ({ port })),
      user_data: Buffer.from(userData).toString("base64"),
    },
  });
  try {
    yield* settle(process, "nova", `/v2.1/servers/${server.id}`, "server", ["active"]);
  } catch (error) {
    yield* process.ask("nova", "DELETE", `/v2.1/servers/${server.id}`);
    throw error;
  }
  return server.id;
}

/** Sets the metadata of a server, and its name if there is a registry. @throws CpiError */
export function* setServerMetadata(process: CpiProcess, id: string, values: Readonly<Record<string, string>>): Body {
  yield* process.request("nova", "GET", `/v2.1/servers/${id}`);
  yield* process.request("nova", "POST", `/v2.1/servers/${id}/metadata`, metadataBody(values));
  const registry = yield* process.ask("nova", "GET", `/v2.1/servers/${id}/metadata/registry_key`);
  if (registry.status !== 404 && values.name !== undefined)
    yield* process.request("nova", "PUT", `/v2.1/servers/${id}`, { server: { name: values.name } });
}

/** Deletes a server, waits until it is gone, and deletes the ports that it leaves; one that is already gone is not an error. @throws CpiError */
export function* deleteServer(process: CpiProcess, id: string): Body {
  const found = yield* process.ask("nova", "GET", `/v2.1/servers/${id}`);
  const { ports } = yield* process.read(PORTS, "neutron", "GET", `/v2.0/ports?device_id=${id}`);
  if (found.status !== 404) {
    yield* process.ask("nova", "DELETE", `/v2.1/servers/${id}`);
    yield* settle(process, "nova", `/v2.1/servers/${id}`, "server", ["deleted"]);
  }
  for (const port of ports) {
    const reply = yield* process.ask("neutron", "GET", `/v2.0/ports/${port.id}`);
    if (reply.status === 200) yield* process.ask("neutron", "DELETE", `/v2.0/ports/${port.id}`);
  }
}

/** Reboots a server softly and waits until it is active again. @throws CpiError */
export function* rebootServer(process: CpiProcess, id: string): Body {
  yield* process.request("nova", "GET", `/v2.1/servers/${id}`);
  yield* process.request("nova", "POST", `/v2.1/servers/${id}/action`, { reboot: { type: "SOFT" } });
  yield* settle(process, "nova", `/v2.1/servers/${id}`, "server", ["active"]);
}

/** Whether Nova knows the server. */
export function* hasServer(process: CpiProcess, id: string): Body<boolean> {
  return (yield* process.ask("nova", "GET", `/v2.1/servers/${id}`)).status === 200;
}
