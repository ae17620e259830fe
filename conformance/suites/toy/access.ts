import type { ServerCertificate, WebAnswer, WebRequest } from "../../data/plane.ts";
import type { WireRequest } from "../../osb/memory-broker/http.ts";
import type { ToyInstance } from "./behaviour.ts";
import type { ToyCloud } from "./cloud.ts";
import { seal } from "./objects.ts";

/** The access rules of servers, names and pages of a toy cloud. */
export interface Access {
  /** The primary is killed, and a replica takes over. */
  onFailOver(instance: ToyInstance, cloud: ToyCloud): void;
  /** Whether a server has room for one more session. */
  hasRoom(instance: ToyInstance, cloud: ToyCloud): boolean;
  /** The certificate that a server shows to any client. */
  certificate(instance: ToyInstance): ServerCertificate;
  /** The answers of the registry of names to a tenant. */
  registry(request: WebRequest, cloud: ToyCloud): WebAnswer;
  /** Whether the name server gives out whole zones. */
  readonly transfersZones: boolean;
  /** Whether names that were never given lead to something that answers. */
  readonly unknownNamesLead: boolean;
  /** The instance named in a page's request, if the manager of another may make that request; otherwise undefined. */
  pageOf(request: WireRequest, named: string, session: string): string | undefined;
  /** Whether a session ends with the role that it was given for. */
  readonly roleEnds: boolean;
}

/** Sessions that a server has room for. */
export const SESSIONS_MAX = 100;

/** The rules of a sound cloud. */
export const RIGHT_ACCESS: Access = {
  onFailOver: ({ sessions }) => sessions.clear(),
  hasRoom: ({ sessions }) => sessions.size < SESSIONS_MAX,
  certificate: ({ id, host }) => ({ names: [host], key: seal(id, "key") }),
  registry: () => ({ status: 403, text: "Permission denied" }),
  transfersZones: false,
  unknownNamesLead: false,
  pageOf: (_request, named, session) => (named === session ? named : undefined),
  roleEnds: true,
};
