/**
 * Where things are in one fake cloud. A cloud owns one /16 of 127.0.0.0/8, its block, so that several can live on one machine
 * and each address can be connected to. Within the block:
 *
 *   .0.0/20     management: the director and the platform's own VMs
   .128.0/18   service instances
 *   .240.0/24   floating addresses
 *   .250.1      drydock itself: the lock of the block, and the control API
 *   .250.10     the OpenStack controller, every service at its usual port
 *   .250.11     the name server of Designate's pool
 *   .250.12     BOSH DNS, which every VM has at 169.254.0.2
 */
export interface AddressPlan {
  /** `127.64` */
  readonly block: string;
  readonly management: Subnet;
  readonly serviceInstances: Subnet;
  readonly floating: Subnet;
  readonly controller: string;
  readonly director: string;
  /** Where the control API listens. */
  readonly control: string;
  /** The first Consul server, which answers DNS questions. */
  readonly consul: string;
  /** The name server that Designate publishes zones to. */
  readonly nameServer: string;
  /** BOSH DNS as the VMs of the cloud have it. */
  readonly boshDns: string;
  /** Where applications connect from unless they bind another address. */
  readonly applications: string;
}

/** A network of the plan. */
export interface Subnet {
  readonly cidr: string;
  readonly gateway: string;
}

/** The block of a world without sockets; a live one takes the first that is free. */
const DEFAULT_BLOCK = "127.64";

/** The plan of a cloud in this block, `127.64` unless given. */
export function addressPlan(block: string = DEFAULT_BLOCK): AddressPlan {
  return {
    block,
    management: { cidr: `${block}.0.0/20`, gateway: `${block}.0.1` },
    serviceInstances: { cidr: `${block}.128.0/18`, gateway: `${block}.128.1` },
    floating: { cidr: `${block}.240.0/24`, gateway: `${block}.240.1` },
    controller: `${block}.250.10`,
    director: `${block}.0.6`,
    control: `${block}.250.1`,
    consul: `${block}.0.10`,
    nameServer: `${block}.250.11`,
    boshDns: `${block}.250.12`,
    applications: "127.0.0.1",
  };
}

export { OPENSTACK_PORTS } from "./openstack/catalog.ts";

/** Of the BOSH director (HTTPS). */
export const DIRECTOR_PORT = 25555;
/** Of UAA, at the address of the director (HTTPS). */
export const UAA_PORT = 8443;
/** Of Consul's HTTP API. */
export const CONSUL_HTTP_PORT = 8500;
/** Of Consul's DNS, over UDP and TCP. */
export const CONSUL_DNS_PORT = 8600;
/** Of every name server, if the user may listen there. */
export const DNS_PORT = 53;
/** Of the name server of zones and of BOSH DNS, beside 53. */
export const HIGH_DNS_PORT = 5353;
/** Of the reference broker. */
export const BROKER_PORT = 3000;
/** Of the agent beside each data service. */
export const AGENT_PORT = 3100;
/** Of the control API, at `.250.1`: not part of the simulated cloud. */
export const CONTROL_PORT = 7701;
/** Of the live page, at the same address. */
export const LIVE_PORT = 7702;
