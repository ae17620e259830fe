import Type from "typebox";
import { Compile } from "typebox/compile";
import { CpiError } from "../cpi/cpi.ts";

/*
 * The parts of OpenStack's replies that the CPI reads: each shape has only those fields.
 */

const ID = Type.Object({ id: Type.String() });
const NAMED = Type.Object({ id: Type.String(), name: Type.String() });
const PORT = Type.Object({
  id: Type.String(),
  status: Type.String(),
  device_id: Type.String(),
  device_owner: Type.String(),
});
const ATTACHMENT = Type.Object({ volumeId: Type.String(), device: Type.String() });

/** A token with a project scope. */
export const TOKEN = Compile(Type.Object({ token: Type.Object({ project: ID }) }));
/** An image of Glance. */
export const IMAGE = Compile(ID);
/** The flavors of Nova. */
export const FLAVORS = Compile(Type.Object({ flavors: Type.Array(NAMED) }));
/** A server of Nova. */
export const SERVER = Compile(Type.Object({ server: ID }));
/** Where a server of Nova runs. */
export const SERVER_ZONE = Compile(
  Type.Object({ server: Type.Object({ "OS-EXT-AZ:availability_zone": Type.String() }) }),
);
/** The security groups of Neutron. */
export const SECURITY_GROUPS = Compile(Type.Object({ security_groups: Type.Array(NAMED) }));
/** A port of Neutron as it was just created. */
export const NEW_PORT = Compile(Type.Object({ port: ID }));
/** Ports of Neutron. */
export const PORTS = Compile(Type.Object({ ports: Type.Array(PORT) }));
/** A volume of Cinder. */
export const VOLUME = Compile(Type.Object({ volume: ID }));
/** The status of a volume of Cinder. */
export const VOLUME_STATUS = Compile(Type.Object({ volume: Type.Object({ status: Type.String() }) }));
/** A snapshot of Cinder. */
export const SNAPSHOT = Compile(Type.Object({ snapshot: ID }));
/** The volumes that are attached to a server. */
export const ATTACHMENTS = Compile(Type.Object({ volumeAttachments: Type.Array(ATTACHMENT) }));

/** A shape that a reply must have. */
export interface ReplyShape<T> {
  Check(value: unknown): value is T;
}

/** The body of a reply, of this shape. @throws CpiError when it has another */
export function readReply<T>(shape: ReplyShape<T>, body: unknown, request: string): T {
  if (shape.Check(body)) return body;
  throw new CpiError(`${request}: the reply does not have the expected form`);
}
