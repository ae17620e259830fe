import { type Fields } from "./decode.ts";
import { listIn } from "./store.ts";
import { refuseEntry, textIn, structIn, textsIn, quote, countGiven } from "./fields.ts";
import { checkMeta } from "./validate-meta.ts";

const LISTENER_PROTOCOLS = ["tcp", "http", "http2", "grpc"];

/** An ingress gateway, checked. @throws EntryError */
export function validateIngress(given: Fields): Fields {
  checkMeta(given);
  const listeners = listIn(given, "Listeners").map((each) => ({
    ...each,
    Protocol: (textIn(each, "Protocol") || "tcp").toLowerCase(),
  }));
  const ports = new Set<number>();
  const usesTls = structIn(given, "TLS")?.Enabled === true;
  for (const listener of listeners) {
    const port = Number("Port" in listener ? listener.Port : 0);
    if (ports.has(port)) refuseEntry(`port ${port} declared on two listeners`);
    ports.add(port);
    checkListener(listener, port, listener.Protocol, usesTls);
  }
  return { ...given, ...("Listeners" in given && { Listeners: listeners }) };
}

function checkListener(listener: Fields, port: number, protocol: string, usesTls: boolean): void {
  const on = `(listener on port ${port})`;
  if (!LISTENER_PROTOCOLS.includes(protocol))
    refuseEntry(`protocol must be 'tcp', 'http', 'http2', or 'grpc'. '${protocol}' is an unsupported protocol`);
  const services = listIn(listener, "Services");
  if (services.length === 0) refuseEntry(`No service declared for listener with port ${port}`);
  if (protocol === "tcp" && services.length > 1)
    refuseEntry(`Multiple services per listener are only supported for L7 protocols, 'http', 'grpc' and 'http2' ${on}`);
  const names = new Set<string>();
  const hosts = new Set<string>();
  for (const service of services) {
    const name = textIn(service, "Name");
    const own = textsIn(service, "Hosts");
    if (protocol === "tcp" && name === "*")
      refuseEntry(`Wildcard service name is only valid for protocol = 'http' ${on}`);
    if (protocol === "tcp" && own.length > 0)
      refuseEntry(`Associating hosts to a service is not supported for the ${protocol} protocol ${on}`);
    if (name === "") refuseEntry(`Service name cannot be blank ${on}`);
    if (name === "*" && own.length > 0) refuseEntry(`Associating hosts to a wildcard service is not supported ${on}`);
    if (names.has(name)) refuseEntry(`Service ${name} cannot be added multiple times ${on}`);
    names.add(name);
    for (const host of own) {
      if (hosts.has(host)) refuseEntry(`Hosts must be unique within a specific listener ${on}`);
      hosts.add(host);
      checkHost(host, usesTls);
    }
  }
}

function checkHost(host: string, usesTls: boolean): void {
  if (host === "*") {
    if (usesTls)
      refuseEntry(
        "Host '*' is not allowed when TLS is enabled, all hosts must be valid DNS records to add as a DNSSAN",
      );
    return;
  }
  if (host === "" || host.includes("..")) refuseEntry(`Host ${quote(host)} must be a valid DNS hostname`);
  if (host.replace(/^\*\./, "").includes("*"))
    refuseEntry(`Host ${quote(host)} is not valid, a wildcard specifier is only allowed as the leftmost label`);
}

/** A terminating gateway, checked. @throws EntryError */
export function validateTerminating(fields: Fields): Fields {
  checkMeta(fields);
  const seen = new Set<string>();
  for (const service of listIn(fields, "Services")) {
    const name = textIn(service, "Name");
    if (name === "") refuseEntry("Service name cannot be blank.");
    if (seen.has(name)) refuseEntry(`Service ${quote(name)} was specified more than once within a namespace`);
    seen.add(name);
    const files = countGiven(service, ["CertFile", "KeyFile"]);
    if (files > 0 && countGiven(service, ["CAFile", "CertFile", "KeyFile"]) < 3)
      refuseEntry(`Service ${quote(name)} must have a CertFile, CAFile, and KeyFile specified for TLS origination`);
  }
  return fields;
}

/** Checks the services exported to peers. @throws EntryError */
export function validateExported(fields: Fields): Fields {
  if (textIn(fields, "Name") !== "default") refuseEntry('exported-services Name must be "default"');
  checkMeta(fields);
  for (const [at, service] of listIn(fields, "Services").entries()) {
    const where = `Services[${at}]`;
    if (textIn(service, "Name") === "") refuseEntry(`${where}: service name cannot be empty`);
    const consumers = listIn(service, "Consumers");
    if (consumers.length === 0) refuseEntry(`${where}: must have at least one consumer`);
    for (const [nth, consumer] of consumers.entries()) {
      const who = `${where}.Consumers[${nth}]`;
      if (countGiven(consumer, ["Peer", "Partition", "SamenessGroup"]) > 1)
        refuseEntry(`${who}: must define at most one of Peer, Partition, or SamenessGroup`);
      if (consumer.Partition === "*") refuseEntry(`${who}: exporting to all partitions (wildcard) is not supported`);
      if (consumer.Peer === "*") refuseEntry(`${who}: exporting to all peers (wildcard) is not supported`);
    }
  }
  return fields;
}
