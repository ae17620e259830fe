import { durationText } from "../wire/duration.ts";
import type { Fields } from "./decode.ts";
import { partView } from "./print.ts";
import { ENTRY_KINDS } from "./schema.ts";
import { type EntryLookup, protocolIn } from "./lookup.ts";
import { listIn } from "./store.ts";
import { refuseEntry, structIn, textIn, textsIn } from "./fields.ts";
import { type ChainOptions, type Target, idOf, withoutEmpty, followRedirect, customHash } from "./chain-target.ts";

const CONNECT_TIMEOUT_NS = 5e9;
const isL7 = (protocol: string): boolean => ["http", "http2", "grpc"].includes(protocol);

/** Compiles the routers, splitters and resolvers of a service (Consul, "Discovery Chain"). @throws EntryError for an invalid graph */
export class ChainCompiler {
  readonly #entries: EntryLookup;
  readonly #options: ChainOptions;
  readonly #nodes: Record<string, unknown> = {};
  readonly #targets: Record<string, unknown> = {};
  #isDefault = true;
  #protocol = "";

  constructor(entries: EntryLookup, options: ChainOptions) {
    this.#entries = entries;
    this.#options = options;
  }

  compile(): Fields {
    const { service, datacenter, protocol, connectTimeoutNs, meshGateway } = this.#options;
    this.#protocol = protocol ?? protocolIn(this.#entries, service);
    if (this.#entries.get("service-defaults", service) !== undefined) this.#isDefault = false;
    const start = this.#route(service);
    const isCustomised = protocol !== undefined || connectTimeoutNs !== undefined || meshGateway !== undefined;
    return {
      ServiceName: service,
      Namespace: "default",
      Partition: "default",
      Datacenter: datacenter,
      ...(isCustomised && { CustomizationHash: customHash(this.#options) }),
      ...(this.#isDefault && { Default: true }),
      Protocol: this.#protocol,
      StartNode: start,
      Nodes: this.#nodes,
      Targets: this.#targets,
    };
  }

  #requireL7(): void {
    if (!isL7(this.#protocol))
      refuseEntry(
        `discovery chain "${this.#options.service}" uses a protocol "${this.#protocol}" that does not permit advanced routing or splitting behavior`,
      );
  }

  #checkProtocol(service: string): void {
    if (this.#options.protocol !== undefined) return;
    const own = protocolIn(this.#entries, service);
    if (own !== this.#protocol)
      refuseEntry(
        `discovery chain "${this.#options.service}" uses inconsistent protocols; service "${service}" has "${own}" which is not "${this.#protocol}"`,
      );
  }

  #route(service: string): string {
    const router = this.#entries.get("service-router", service);
    if (router === undefined) return this.#split(service);
    this.#requireL7();
    this.#isDefault = false;
    const name = `${service}.default.default`;
    const fallback = {
      Match: { HTTP: { PathPrefix: "/" } },
      Destination: { Service: service, Namespace: "default", Partition: "default" },
    };
    const type = ENTRY_KINDS["service-router"]?.Routes?.type;
    const element = typeof type === "object" && "list" in type ? type.list : "any";
    const routes = [...listIn(router.fields, "Routes"), fallback].map((route) => {
      const destination = structIn(route, "Destination") ?? {};
      const to = textIn(destination, "Service") || service;
      const subset = textIn(destination, "ServiceSubset");
      const next = subset === "" ? this.#split(to) : this.#resolve({ service: to, subset });
      return { Definition: partView(route, element), NextNode: next };
    });
    this.#nodes[`router:${name}`] = { Type: "router", Name: name, Routes: routes };
    return `router:${name}`;
  }

  #split(service: string): string {
    const splitter = this.#entries.get("service-splitter", service);
    if (splitter === undefined) return this.#resolve({ service, subset: "" });
    this.#requireL7();
    this.#isDefault = false;
    const name = `${service}.default.default`;
    const id = `splitter:${name}`;
    if (this.#nodes[id] !== undefined) return id;
    this.#nodes[id] = {};
    const type = ENTRY_KINDS["service-splitter"]?.Splits?.type;
    const element = typeof type === "object" && "list" in type ? type.list : "any";
    const splits = listIn(splitter.fields, "Splits").map((split) => {
      const to = textIn(split, "Service") || service;
      const subset = textIn(split, "ServiceSubset");
      const next = to !== service && subset === "" ? this.#split(to) : this.#resolve({ service: to, subset });
      return { Definition: partView(split, element), Weight: split.Weight, NextNode: next };
    });
    this.#nodes[id] = { Type: "splitter", Name: name, Splits: splits };
    return id;
  }

  #resolve(from: Partial<Target> & Pick<Target, "service" | "subset">): string {
    let target: Target = { datacenter: this.#options.datacenter, peer: "", ...from };
    const visited: string[] = [];
    for (;;) {
      const id = idOf(target);
      if (visited.includes(id)) refuseEntry(`detected circular resolver redirect: [${[...visited, id].join(" -> ")}]`);
      visited.push(id);
      if (target.peer !== "") break;
      const resolver = this.#entries.get("service-resolver", target.service)?.fields;
      if (resolver !== undefined) this.#isDefault = false;
      const redirect = resolver && structIn(resolver, "Redirect");
      const next = redirect && followRedirect(target, redirect);
      if (next !== undefined && idOf(next) !== id) {
        target = next;
        continue;
      }
      const preferred = resolver === undefined ? "" : textIn(resolver, "DefaultSubset");
      if (target.subset === "" && preferred !== "") {
        target = { ...target, subset: preferred };
        continue;
      }
      break;
    }
    return this.#resolver(target);
  }

  #resolver(target: Target): string {
    const id = idOf(target);
    const nodeId = `resolver:${id}`;
    if (this.#nodes[nodeId] !== undefined) return nodeId;
    const resolver = target.peer === "" ? this.#entries.get("service-resolver", target.service)?.fields : undefined;
    this.#checkProtocol(target.service);
    this.#target(target, resolver);
    const timeoutNs = this.#timeoutNs(resolver);
    const failover = resolver && this.#failover(target, resolver);
    const requestNs = Number(resolver?.RequestTimeout ?? 0);
    this.#nodes[nodeId] = {
      Type: "resolver",
      Name: id,
      Resolver: {
        ConnectTimeout: durationText(timeoutNs),
        ...(requestNs > 0 && { RequestTimeout: requestNs }),
        ...(resolver === undefined && { Default: true }),
        Target: id,
        ...(failover !== undefined && failover.length > 0 && { Failover: { Targets: failover } }),
      },
      ...this.#balancer(resolver),
    };
    return nodeId;
  }

  #balancer(resolver: Fields | undefined): Fields {
    const balancer = resolver && structIn(resolver, "LoadBalancer");
    const type = ENTRY_KINDS["service-resolver"]?.LoadBalancer?.type;
    return balancer === undefined || type === undefined ? {} : { LoadBalancer: partView(balancer, type) };
  }

  #timeoutNs(resolver: Fields | undefined): number {
    return this.#options.connectTimeoutNs ?? (Number(resolver?.ConnectTimeout ?? 0) || CONNECT_TIMEOUT_NS);
  }

  #target(target: Target, resolver: Fields | undefined): void {
    const id = idOf(target);
    const subsets = (resolver && structIn(resolver, "Subsets")) ?? {};
    const subset = structIn(subsets, target.subset);
    if (target.subset !== "" && subset === undefined)
      refuseEntry(`service "${target.service}" does not have a subset named "${target.subset}"`);
    const { datacenter, peer, service } = target;
    const name = `${target.subset === "" ? "" : `${target.subset}.`}${service}.default.${datacenter}.internal.${this.#options.trustDomain}`;
    const shown = {
      ConnectTimeout: durationText(this.#timeoutNs(resolver)),
      ID: id,
      Service: service,
      ...(target.subset !== "" && { ServiceSubset: target.subset }),
      Namespace: "default",
      Partition: "default",
      Datacenter: peer === "" ? datacenter : "",
      ...(peer !== "" && { Peer: peer }),
      MeshGateway: this.#options.meshGateway === undefined ? {} : { Mode: this.#options.meshGateway },
      Subset: partView(subset ?? {}, SUBSET),
      TransparentProxy: {},
      SNI: peer === "" ? name : "",
      Name: peer === "" ? name : "",
    };
    this.#targets[id] = peer === "" ? shown : withoutEmpty(shown);
  }

  #failover(target: Target, resolver: Fields): readonly string[] {
    const all = structIn(resolver, "Failover") ?? {};
    const given = structIn(all, target.subset) ?? structIn(all, "*");
    if (given === undefined) return [];
    const service = textIn(given, "Service") || target.service;
    const subset = textIn(given, "ServiceSubset") || (service === target.service ? target.subset : "");
    const wanted = listIn(given, "Targets");
    const options: readonly Target[] =
      wanted.length > 0
        ? wanted.map((each) => ({
            service: textIn(each, "Service") || target.service,
            subset:
              textIn(each, "ServiceSubset") ||
              (textIn(each, "Service") === "" && textIn(each, "Peer") === "" ? target.subset : ""),
            datacenter: textIn(each, "Datacenter") || target.datacenter,
            peer: textIn(each, "Peer"),
          }))
        : (textsIn(given, "Datacenters").length > 0 ? textsIn(given, "Datacenters") : [target.datacenter]).map(
            (datacenter) => ({ service, subset, datacenter, peer: "" }),
          );
    return options.flatMap((each) => {
      const own = each.peer === "" ? this.#entries.get("service-resolver", each.service)?.fields : undefined;
      const preferred = own === undefined ? "" : textIn(own, "DefaultSubset");
      const actual = each.subset === "" && preferred !== "" ? { ...each, subset: preferred } : each;
      if (idOf(actual) === idOf(target)) return [];
      this.#target(actual, own);
      return [idOf(actual)];
    });
  }
}

const SUBSETS = ENTRY_KINDS["service-resolver"]?.Subsets?.type;
const SUBSET = typeof SUBSETS === "object" && "map" in SUBSETS ? SUBSETS.map : "any";
