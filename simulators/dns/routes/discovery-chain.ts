import type { Route } from "../../kernel/index.ts";
import { ChainCompiler } from "../config-entries/chain.ts";
import { type ChainOptions } from "../config-entries/chain-target.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { durationNs } from "../wire/duration.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { isObject } from "../../kernel/index.ts";
import { decodeJson } from "../wire/json/decode.ts";
import { JsonError } from "../wire/json/parse.ts";
import { ANY } from "../wire/json/shape.ts";
import { refuseBadRequest } from "../wire/refusal.ts";
import { trustDomainOf } from "./connect-ca.ts";
import { requireConnect } from "./connect-shared.ts";

type Overrides = Pick<ChainOptions, "protocol" | "connectTimeoutNs" | "meshGateway">;

const MODES = ["", "none", "local", "remote"];

function overridesIn(call: ConsulCall): Overrides {
  if (call.request.method !== "POST") return {};
  let raw: unknown;
  try {
    raw = decodeJson(call.text, ANY, true);
  } catch (error) {
    if (error instanceof JsonError) return refuseBadRequest(`Request decoding failed: ${error.message}`);
    throw error;
  }
  if (!isObject(raw)) return {};
  const protocol = typeof raw.OverrideProtocol === "string" ? raw.OverrideProtocol : "";
  const gateway = isObject(raw.OverrideMeshGateway) ? String(raw.OverrideMeshGateway.Mode ?? "") : "";
  if (!MODES.includes(gateway)) refuseBadRequest("Invalid OverrideMeshGateway.Mode parameter");
  const timeoutNs = timeoutOf(raw.OverrideConnectTimeout);
  return {
    ...(protocol !== "" && { protocol }),
    ...(timeoutNs !== 0 && { connectTimeoutNs: timeoutNs }),
    ...(gateway !== "" && { meshGateway: gateway }),
  };
}

function timeoutOf(given: unknown): number {
  if (typeof given !== "string") return Number(given ?? 0);
  return (
    durationNs(given) ??
    refuseBadRequest(
      `Request decoding failed: decoding failed due to the following error(s):\n\n'OverrideConnectTimeout' time: invalid duration`,
    )
  );
}

function readChain(call: ConsulCall): ReadResult {
  const service = call.rest;
  if (service === "") refuseBadRequest("Missing chain name");
  call.refuseEnterprise();
  const overrides = overridesIn(call);
  const datacenter = call.datacenter();
  call.require(call.authorizer(datacenter), "service", "read", service);
  requireConnect(call);
  const chain = new ChainCompiler(datacenter.configEntries, {
    service,
    datacenter: call.query.get("compile-dc") || datacenter.name,
    trustDomain: trustDomainOf(datacenter),
    ...overrides,
  }).compile();
  const address = datacenter.virtualIps.of(service);
  const addresses = address === undefined ? null : [address];
  const Chain = { ...chain, AutoVirtualIPs: addresses, ManualVirtualIPs: address === undefined ? null : [] };
  return { index: datacenter.configEntries.tableIndex, value: { Chain } };
}

/** `/v1/discovery-chain/…` (Consul 1.22, "Discovery Chain HTTP API"). */
export const DISCOVERY_CHAIN_ROUTES: readonly Route<ConsulSim>[] = [
  { method: "GET", path: "/v1/discovery-chain/", handler: answerRead("cacheable", readChain) },
  { method: "POST", path: "/v1/discovery-chain/", handler: answerRead("cacheable", readChain) },
  { method: "GET", path: "/v1/discovery-chain/*rest", handler: answerRead("cacheable", readChain) },
  { method: "POST", path: "/v1/discovery-chain/*rest", handler: answerRead("cacheable", readChain) },
];
