import type { Body, HttpReply, Kernel } from "../../kernel/index.ts";
import type { OpenStack, ServiceName } from "../../openstack/index.ts";
import { type Cpi, CpiError, type Properties, type VmNetwork, type VmRequest } from "../cpi/cpi.ts";
import { CpiProcess, faultText, type Json, type OpenStackCpiOptions } from "./calls.ts";

/** Default of `wait_resource_poll_interval`. */
const POLL_MS = 5000;

/** Default of `state_timeout`. */
const SETTLE_MS_MAX = 300_000;

/** The OpenStack CPI: the requests of bosh-openstack-cpi, in its order (v55 line; docs/discoveries/bosh-director.md, "OpenStack requests of the CPI"). */
export function createOpenStackCpi(kernel: Kernel, openstack: OpenStack, options: OpenStackCpiOptions): Cpi {
  return new OpenStackCpi(kernel, openstack, options);
}

const metadataBody = (values: Readonly<Record<string, string>>): Json => ({
  metadata: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.slice(0, 255)])),
});

/** Seconds that a stemcell's agent takes to answer once Nova says ACTIVE; together with the boot these are the times seen in the wild. */
const BOOT_MS = 20_000;

class OpenStackCpi implements Cpi {
  readonly bootMs = BOOT_MS;
  readonly #kernel: Kernel;
  readonly #openstack: OpenStack;
  readonly #options: OpenStackCpiOptions;

  constructor(kernel: Kernel, openstack: OpenStack, options: OpenStackCpiOptions) {
    this.#kernel = kernel;
    this.#openstack = openstack;
    this.#options = options;
  }

  #call(): CpiProcess {
    return new CpiProcess(this.#kernel, this.#openstack.services, this.#options);
  }

  #uuid(): string {
    return this.#kernel.random("bosh/cpi").uuid();
  }

  /** Reloads until `status` is one of `good`; a failed one, or the time limit, is an error. */
  *#settle(call: CpiProcess, service: ServiceName, path: string, resource: string, good: readonly string[]): Body {
    for (const until = this.#kernel.nowMs + SETTLE_MS_MAX; ; yield this.#kernel.work(POLL_MS)) {
      const reply = yield* call.ask(service, "GET", path);
      const status =
        reply.status === 404
          ? "deleted"
          : String(((resource === "" ? reply.json : (reply.json as Json)[resource]) as Json).status).toLowerCase();
      if (good.includes(status)) return;
      if (["error", "failed", "killed"].includes(status) || status === "deleted")
        throw new CpiError(`${path}: state ${status}, expected ${good.join(" or ")}`, true);
      if (this.#kernel.nowMs >= until) throw new CpiError(`Timed out waiting for ${path} to be ${good.join(" or ")}`);
    }
  }

  *createStemcell(name: string, version: string, properties: Readonly<Record<string, unknown>>): Body<string> {
    const call = this.#call();
    const text = (key: string, fallback: string): string => String(properties[key] ?? fallback);
    const image = yield* call.need("glance", "POST", "/v2/images", {
      name: `${name}/${version}`,
      disk_format: text("disk_format", "qcow2"),
      container_format: text("container_format", "bare"),
      visibility: "private",
      os_type: text("os_type", "linux"),
      os_distro: text("os_distro", "ubuntu"),
      architecture: text("architecture", "x86_64"),
      hypervisor_type: text("hypervisor", "kvm"),
    });
    const path = `/v2/images/${String(image.id)}`;
    yield* this.#settle(call, "glance", path, "", ["queued"]);
    const upload = yield* this.#upload(call, `${path}/file`, Buffer.alloc(1024, name));
    if (upload.status !== 204) throw new CpiError(`image upload answered ${upload.status}`);
    yield* this.#settle(call, "glance", path, "", ["active"]);
    return String(image.id);
  }

  /** An upload route takes what its edge made of the stream; in process the edge is skipped. */
  *#upload(call: CpiProcess, path: string, content: Uint8Array): Body<HttpReply> {
    return yield* call.ask("glance", "PUT", path, content);
  }

  *deleteStemcell(cid: string): Body {
    yield* this.#call().ask("glance", "DELETE", `/v2/images/${cid}`);
  }

  *createVm(request: VmRequest): Body<string> {
    const call = this.#call();
    const groups = yield* this.#securityGroups(call, request);
    yield* call.need("glance", "GET", `/v2/images/${request.stemcellCid}`);
    const { flavors } = (yield* call.need("nova", "GET", "/v2.1/flavors/detail")) as unknown as {
      flavors: readonly { id: string; name: string }[];
    };
    const flavor = flavors.find(({ name }) => name === request.cloudProperties.instance_type);
    if (flavor === undefined) throw new CpiError(`Flavor '${String(request.cloudProperties.instance_type)}' not found`);
    yield* call.need("nova", "GET", "/v2.1/os-keypairs");
    const ports: string[] = [];
    try {
      for (const network of request.networks.filter(({ type }) => type === "manual"))
        ports.push(yield* this.#createPort(call, network, groups));
      return yield* this.#boot(call, request, flavor.id, ports);
    } catch (error) {
      for (const port of ports) yield* call.ask("neutron", "DELETE", `/v2.0/ports/${port}`);
      throw error;
    }
  }

  /** Those of the VM type and its extensions take the place of the networks' (security_groups.rb, pick_security_groups). */
  *#securityGroups(call: CpiProcess, { cloudProperties, networks }: VmRequest): Body<readonly string[]> {
    const named = (properties: Properties): readonly string[] =>
      (properties.security_groups as readonly string[] | undefined) ?? [];
    const own = named(cloudProperties);
    const wanted = own.length > 0 ? own : networks.flatMap((network) => named(network.cloudProperties));
    const { security_groups: known } = (yield* call.need("neutron", "GET", "/v2.0/security-groups")) as unknown as {
      security_groups: readonly { id: string; name: string }[];
    };
    return wanted.map((name) => {
      const group = known.find((each) => each.name === name) ?? known.find((each) => each.id === name);
      if (group === undefined) throw new CpiError(`Security group '${name}' not found`);
      return group.id;
    });
  }

  *#createPort(call: CpiProcess, network: VmNetwork, groups: readonly string[]): Body<string> {
    const body = {
      port: {
        network_id: network.cloudProperties.net_id,
        fixed_ips: [{ ip_address: network.ip }],
        ...(groups.length > 0 && { security_groups: groups }),
      },
    };
    let reply = yield* call.ask("neutron", "POST", "/v2.0/ports", body);
    if (reply.status === 409) {
      yield* this.#freeAddress(call, network);
      reply = yield* call.ask("neutron", "POST", "/v2.0/ports", body);
    }
    if (reply.status !== 201) throw new CpiError(`Could not create port for ${network.ip}: ${faultText(reply)}`);
    return (reply.json as { port: { id: string } }).port.id;
  }

  /** A port that an earlier failure left on the address is DOWN and has no device. */
  *#freeAddress(call: CpiProcess, network: VmNetwork): Body {
    const { ports } = (yield* call.need(
      "neutron",
      "GET",
      `/v2.0/ports?fixed_ips=ip_address%3D${network.ip}`,
    )) as unknown as {
      ports: readonly { id: string; status: string; device_id: string; device_owner: string }[];
    };
    for (const port of ports) {
      if (port.status === "DOWN" && port.device_id === "" && port.device_owner === "")
        yield* call.ask("neutron", "DELETE", `/v2.0/ports/${port.id}`);
    }
  }

  *#boot(call: CpiProcess, request: VmRequest, flavorId: string, ports: readonly string[]): Body<string> {
    const name = `vm-${this.#uuid()}`;
    const zone = request.cloudProperties.availability_zone;
    const { server } = (yield* call.need("nova", "POST", "/v2.1/servers", {
      server: {
        name,
        imageRef: request.stemcellCid,
        flavorRef: flavorId,
        key_name: this.#options.keyName,
        ...(zone === undefined ? {} : { availability_zone: zone }),
        networks: ports.map((port) => ({ port })),
        user_data: Buffer.from(JSON.stringify({ server: { name }, agent_id: request.agentId })).toString("base64"),
      },
    })) as unknown as { server: { id: string } };
    try {
      yield* this.#settle(call, "nova", `/v2.1/servers/${server.id}`, "server", ["active"]);
    } catch (error) {
      yield* call.ask("nova", "DELETE", `/v2.1/servers/${server.id}`);
      throw error;
    }
    return server.id;
  }

  *setVmMetadata(cid: string, values: Readonly<Record<string, string>>): Body {
    const call = this.#call();
    yield* call.need("nova", "GET", `/v2.1/servers/${cid}`);
    yield* call.need("nova", "POST", `/v2.1/servers/${cid}/metadata`, metadataBody(values));
    const registry = yield* call.ask("nova", "GET", `/v2.1/servers/${cid}/metadata/registry_key`);
    if (registry.status !== 404 && values.name !== undefined)
      yield* call.need("nova", "PUT", `/v2.1/servers/${cid}`, { server: { name: values.name } });
  }

  *deleteVm(cid: string): Body {
    const call = this.#call();
    const found = yield* call.ask("nova", "GET", `/v2.1/servers/${cid}`);
    const { ports } = (yield* call.need("neutron", "GET", `/v2.0/ports?device_id=${cid}`)) as unknown as {
      ports: readonly { id: string }[];
    };
    if (found.status !== 404) {
      yield* call.ask("nova", "DELETE", `/v2.1/servers/${cid}`);
      yield* this.#settle(call, "nova", `/v2.1/servers/${cid}`, "server", ["deleted"]);
    }
    for (const port of ports) {
      const reply = yield* call.ask("neutron", "GET", `/v2.0/ports/${port.id}`);
      if (reply.status === 200) yield* call.ask("neutron", "DELETE", `/v2.0/ports/${port.id}`);
    }
  }

  isAlive(cid: string): boolean {
    return this.#openstack.cloud.servers.server(cid)?.status === "ACTIVE";
  }

  *createDisk(sizeMb: number, properties: Readonly<Record<string, unknown>>, vmCid: string): Body<string> {
    const call = this.#call();
    const { server } = (yield* call.need("nova", "GET", `/v2.1/servers/${vmCid}`)) as unknown as { server: Json };
    const { volume } = (yield* call.need("cinder", "POST", "/v3/{project}/volumes", {
      volume: {
        name: `volume-${this.#uuid()}`,
        description: "",
        size: Math.ceil(sizeMb / 1024),
        ...(properties.type === undefined ? {} : { volume_type: properties.type }),
        availability_zone: server["OS-EXT-AZ:availability_zone"],
      },
    })) as unknown as { volume: { id: string } };
    yield* this.#settle(call, "cinder", `/v3/{project}/volumes/${volume.id}`, "volume", ["available"]);
    return volume.id;
  }

  *attachDisk(vmCid: string, diskCid: string): Body<string> {
    const call = this.#call();
    yield* call.need("nova", "GET", `/v2.1/servers/${vmCid}`);
    yield* call.need("cinder", "GET", `/v3/{project}/volumes/${diskCid}`);
    const { volumeAttachments } = (yield* call.need(
      "nova",
      "GET",
      `/v2.1/servers/${vmCid}/os-volume_attachments`,
    )) as unknown as {
      volumeAttachments: readonly { volumeId: string; device: string }[];
    };
    const already = volumeAttachments.find(({ volumeId }) => volumeId === diskCid);
    if (already !== undefined) return already.device;
    yield* call.need("nova", "GET", "/v2.1/flavors/detail");
    const taken = new Set(volumeAttachments.map(({ device }) => device));
    // b is the flavor's ephemeral disk.
    const device = "cdefghijklmnopqrstuvwxyz"
      .split("")
      .map((letter) => `/dev/sd${letter}`)
      .find((each) => !taken.has(each));
    yield* call.need("nova", "POST", `/v2.1/servers/${vmCid}/os-volume_attachments`, {
      volumeAttachment: { volumeId: diskCid, device },
    });
    yield* this.#settle(call, "cinder", `/v3/{project}/volumes/${diskCid}`, "volume", ["in-use"]);
    yield* call.ask("nova", "GET", `/v2.1/servers/${vmCid}/metadata/registry_key`);
    return device ?? "";
  }

  *detachDisk(vmCid: string, diskCid: string): Body {
    const call = this.#call();
    const server = yield* call.ask("nova", "GET", `/v2.1/servers/${vmCid}`);
    const volume = yield* call.ask("cinder", "GET", `/v3/{project}/volumes/${diskCid}`);
    if (server.status === 404 || volume.status === 404) return;
    const { volumeAttachments } = (yield* call.need(
      "nova",
      "GET",
      `/v2.1/servers/${vmCid}/os-volume_attachments`,
    )) as unknown as {
      volumeAttachments: readonly { volumeId: string }[];
    };
    if (!volumeAttachments.some(({ volumeId }) => volumeId === diskCid)) return;
    yield* call.need("nova", "DELETE", `/v2.1/servers/${vmCid}/os-volume_attachments/${diskCid}`);
    yield* this.#settle(call, "cinder", `/v3/{project}/volumes/${diskCid}`, "volume", ["available"]);
  }

  *deleteDisk(cid: string): Body {
    const call = this.#call();
    const found = yield* call.ask("cinder", "GET", `/v3/{project}/volumes/${cid}`);
    if (found.status === 404) return;
    const { status } = (found.json as { volume: { status: string } }).volume;
    if (status !== "available") throw new CpiError(`Cannot delete volume '${cid}', state is ${status}`);
    yield* call.ask("cinder", "DELETE", `/v3/{project}/volumes/${cid}`);
    yield* this.#settle(call, "cinder", `/v3/{project}/volumes/${cid}`, "volume", ["deleted"]);
  }

  *setDiskMetadata(cid: string, values: Readonly<Record<string, string>>): Body {
    const call = this.#call();
    yield* call.need("cinder", "GET", `/v3/{project}/volumes/${cid}`);
    yield* call.need("cinder", "POST", `/v3/{project}/volumes/${cid}/metadata`, metadataBody(values));
  }

  *rebootVm(cid: string): Body {
    const call = this.#call();
    yield* call.need("nova", "GET", `/v2.1/servers/${cid}`);
    yield* call.need("nova", "POST", `/v2.1/servers/${cid}/action`, { reboot: { type: "SOFT" } });
    yield* this.#settle(call, "nova", `/v2.1/servers/${cid}`, "server", ["active"]);
  }

  *hasVm(cid: string): Body<boolean> {
    const reply = yield* this.#call().ask("nova", "GET", `/v2.1/servers/${cid}`);
    return reply.status === 200;
  }

  *hasDisk(cid: string): Body<boolean> {
    const reply = yield* this.#call().ask("cinder", "GET", `/v3/{project}/volumes/${cid}`);
    return reply.status === 200;
  }

  calculateVmProperties(): Properties {
    throw new CpiError("not simulated: vm_resources with the OpenStack CPI; give the instance group a vm_type");
  }

  *snapshotDisk(diskCid: string, values: Readonly<Record<string, string>>): Body<string> {
    const call = this.#call();
    yield* call.need("cinder", "GET", `/v3/{project}/volumes/${diskCid}`);
    const description = `${values.deployment}/${values.job}/${values.index}`;
    const { snapshot } = (yield* call.need("cinder", "POST", "/v3/{project}/snapshots", {
      snapshot: { volume_id: diskCid, name: `snapshot-${this.#uuid()}`, description, force: true },
    })) as unknown as { snapshot: { id: string } };
    yield* this.#settle(call, "cinder", `/v3/{project}/snapshots/${snapshot.id}`, "snapshot", ["available"]);
    yield* call.need("cinder", "POST", `/v3/{project}/snapshots/${snapshot.id}/metadata`, metadataBody(values));
    return snapshot.id;
  }

  *deleteSnapshot(cid: string): Body {
    const call = this.#call();
    const found = yield* call.ask("cinder", "GET", `/v3/{project}/snapshots/${cid}`);
    if (found.status === 404) return;
    yield* call.ask("cinder", "DELETE", `/v3/{project}/snapshots/${cid}`);
    yield* this.#settle(call, "cinder", `/v3/{project}/snapshots/${cid}`, "snapshot", ["deleted"]);
  }
}
