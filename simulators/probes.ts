import { STATUS_CODES } from "node:http";
import type { DataServices } from "./dataservices/index.ts";
import type { Probe, ProbeRequest, ProbeResult } from "./dns/index.ts";
import type { Driver } from "./kernel/edge/drive.ts";
import type { LocalNet } from "./kernel/edge/local.ts";

interface Parts {
  readonly driver: Driver;
  readonly net: LocalNet;
  readonly dataservices: DataServices;
  readonly resolve: (name: string) => string | undefined;
  /** Probes what listens on this machine but is not part of the world. Undefined: nothing does. */
  readonly outside: ProbeOutside | undefined;
}

/** Performs a probe at an address of this machine; never rejects. */
export type ProbeOutside = (request: ProbeRequest, target: ProbeTarget) => Promise<ProbeResult>;

/** Where a probe goes. */
export interface ProbeTarget {
  /** Without brackets. */
  readonly address: string;
  readonly port: number;
}

const isAddress = (host: string): boolean => /^[\d.]+$|^\[.*\]$/.test(host);

/** Splits `host:port`, the host resolved; the host itself where it has no address. */
function targetOf(given: string, resolve: Parts["resolve"]): ProbeTarget | string {
  const at = given.lastIndexOf(":");
  const host = given.slice(0, at);
  const address = host === "localhost" ? "127.0.0.1" : isAddress(host) ? host.replace(/[[\]]/g, "") : resolve(host);
  return address === undefined ? host : { address, port: Number(given.slice(at + 1)) };
}

/** How Consul's checks reach their targets: the world's services over HTTP, the ports of its data services, and what listens outside the world. */
export function worldProbe(parts: Parts): Probe {
  const { net, dataservices, resolve, outside } = parts;
  return (request) => {
    const target = targetOf(request.kind === "http" ? hostOf(request.url) : request.address, resolve);
    if (typeof target === "string") return { kind: "unresolved", host: target };
    // The result of a probe is a separate input if a world is restored from its inputs.
    if (parts.driver.kernel.replaying && outside !== undefined) return new Promise(() => {});
    const isInside = net.answersAt(target.address, target.port);
    if (request.kind === "http" && isInside) return askOverHttp(parts, request, target);
    if (outside !== undefined) return outside(request, target);
    const isOpen = isInside || dataservices.at(target.address)?.port === target.port;
    if (!isOpen) return { kind: "refused" };
    if (request.kind === "tcp") return { kind: "up" };
    // Nothing in a world without sockets listens for datagrams or speaks HTTP/2.
    return request.kind === "udp" ? { kind: "refused" } : { kind: "failed", error: "EOF" };
  };
}

function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

type HttpRequest = Extract<ProbeRequest, { readonly kind: "http" }>;

/** An agent asks its own VM, so the request comes from the address that it goes to. */
async function askOverHttp({ net, driver }: Parts, request: HttpRequest, target: ProbeTarget): Promise<ProbeResult> {
  const headers = new Headers();
  for (const [name, values] of Object.entries(request.headers)) for (const value of values) headers.append(name, value);
  const work = net.fetchFrom(target.address)(request.url, {
    method: request.method,
    headers,
    redirect: request.followsRedirects ? "follow" : "manual",
    ...(request.body !== "" && { body: request.body }),
  });
  try {
    const response = await work;
    const body = await driver.track(response.text());
    return { kind: "http", status: response.status, statusText: STATUS_CODES[response.status] ?? "", body };
  } catch {
    return { kind: "refused" };
  }
}
