import { type HttpReply, isoSeconds, type Route } from "../../kernel/index.ts";
import type { Datacenter } from "../behaviour/datacenter.ts";
import type { ConsulCall, ConsulSim } from "../wire/call.ts";
import { answerAtOnce, EMPTY_REPLY } from "../wire/handler.ts";
import { ANY, BOOL, STRING, structOf } from "../wire/json/shape.ts";
import { answerRead, type ReadResult } from "../wire/read.ts";
import { refuseNotSimulated } from "../wire/refusal.ts";
import { isObject } from "../../kernel/index.ts";
import { requireConnect } from "./connect-shared.ts";

const CONFIGURATION = structOf("structs.CAConfiguration", {
  Provider: STRING,
  Config: ANY,
  State: ANY,
  ForceWithoutCrossSigning: BOOL,
});

const ROOT_MS = 87_600 * 3_600_000;
const SERIAL_NUMBER = 7;

/** The trust domain of a cluster's services. */
export const trustDomainOf = ({ connectCa }: Datacenter): string => `${connectCa.state?.clusterId ?? ""}.consul`;

function readRoots(call: ConsulCall): ReadResult {
  const datacenter = call.datacenter();
  call.authorizer(datacenter);
  requireConnect(call);
  const { state } = datacenter.connectCa;
  if (state === undefined) return { index: 0, value: { ActiveRootID: "", TrustDomain: "", Roots: [] } };
  const { root, clusterId } = state;
  if (call.query.get("pem") === "true")
    return {
      index: root.index,
      reply: { status: 200, headers: { "Content-Type": "application/pem-certificate-chain" }, body: root.pem },
    };
  const shown = {
    ID: root.id,
    Name: "Consul CA Primary Cert",
    SerialNumber: SERIAL_NUMBER,
    SigningKeyID: root.keyId,
    ExternalTrustDomain: clusterId,
    NotBefore: isoSeconds(root.createdMs),
    NotAfter: isoSeconds(root.createdMs + ROOT_MS),
    RootCert: root.pem,
    IntermediateCerts: null,
    Active: true,
    PrivateKeyType: "ec",
    PrivateKeyBits: 256,
    CreateIndex: root.index,
    ModifyIndex: root.index,
  };
  return {
    index: root.index,
    value: { ActiveRootID: root.id, TrustDomain: trustDomainOf(datacenter), Roots: [shown] },
  };
}

/** The roots as the agent keeps them, fresh from its start. */
export function readAgentRoots(call: ConsulCall): HttpReply {
  const result = readRoots(call);
  if ("reply" in result) return result.reply;
  const headers = {
    "X-Cache": "HIT",
    Age: "0",
    "X-Consul-Index": String(Math.max(1, result.index)),
    "X-Consul-Knownleader": "true",
    "X-Consul-Lastcontact": "0",
    "X-Consul-Query-Backend": "blocking-query",
  };
  return call.json(result.value, headers);
}

function readConfiguration(call: ConsulCall): HttpReply {
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  requireConnect(call);
  call.require(authorizer, "operator", "write");
  const config = datacenter.connectCa.state?.config;
  return call.json({
    Provider: config?.provider ?? "consul",
    Config: config?.config ?? {},
    State: null,
    ForceWithoutCrossSigning: false,
    CreateIndex: config?.createIndex ?? 0,
    ModifyIndex: config?.modifyIndex ?? 0,
  });
}

function writeConfiguration(call: ConsulCall): HttpReply {
  const fields = call.decode(CONFIGURATION) ?? {};
  const datacenter = call.datacenter();
  const authorizer = call.authorizer(datacenter);
  requireConnect(call);
  call.require(authorizer, "operator", "write");
  datacenter.connectCa.configure(fields.Provider ?? "", isObject(fields.Config) ? fields.Config : {});
  return EMPTY_REPLY;
}

/** Certificates of the mesh are not issued. */
export function readLeaf(call: ConsulCall): HttpReply {
  requireConnect(call);
  call.require(call.authorizer(call.datacenter()), "service", "write", call.rest);
  return refuseNotSimulated("leaf certificates of the mesh");
}

const readJson = answerRead("index", readRoots);
const readPem = answerAtOnce((call) => {
  const result = readRoots(call);
  return "reply" in result ? result.reply : call.json(result.value);
});

/** `/v1/connect/ca/…` (Consul 1.22, "Certificate Authority - Connect HTTP API"). */
export const CONNECT_CA_ROUTES: readonly Route<ConsulSim>[] = [
  {
    method: "GET",
    path: "/v1/connect/ca/roots",
    handler: (sim, request) => (/(?:^|&)pem=true/.test(request.query) ? readPem : readJson)(sim, request),
  },
  { method: "GET", path: "/v1/connect/ca/configuration", handler: answerAtOnce(readConfiguration) },
  { method: "PUT", path: "/v1/connect/ca/configuration", handler: answerAtOnce(writeConfiguration) },
];
