import type { ServerCertificate, WebAnswer, WebRequest } from "../../data/plane.ts";
import type { WireRequest } from "../../osb/memory-broker/http.ts";
import type { ToyInstance } from "./behaviour.ts";
import type { ToyCloud } from "./cloud.ts";
import { seal } from "./objects.ts";

/** What servers, names and pages of a toy cloud give to whom. */
export interface Access {
  /** The primary is killed, and a replica takes over. */
  onFailOver(instance: ToyInstance, cloud: ToyCloud): void;
  /** Whether a server has room for one more session. */
  hasRoom(instance: ToyInstance, cloud: ToyCloud): boolean;
  /** What a server shows to whoever connects. */
  certificate(instance: ToyInstance): ServerCertificate;
  /** What the registry of names answers to a tenant. */
  registry(request: WebRequest, cloud: ToyCloud): WebAnswer;
  /** Whether the name server gives out whole zones. */
  readonly transfersZones: boolean;
  /** Whether names that were never given lead to something that answers. */
  readonly unknownNamesLead: boolean;
  /** The instance that a request of a page is about, if the manager of another may make it; undefined: there is none. */
  pageOf(request: WireRequest, named: string, session: string): string | undefined;
  /** Whether a session ends with the role that it was given for. */
  readonly roleEnds: boolean;
}

/** Sessions that a server has room for. */
export const SESSIONS_MAX = 100;

/** What a sound cloud gives. */
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
