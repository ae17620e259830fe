import Type from "typebox";
import { Compile } from "typebox/compile";
import { CpiError } from "../cpi/cpi.ts";

/*
 * What the CPI reads of OpenStack's replies: each shape has the fields that it looks at and no others.
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

export const TOKEN = Compile(Type.Object({ token: Type.Object({ project: ID }) }));
export const IMAGE = Compile(ID);
export const FLAVORS = Compile(Type.Object({ flavors: Type.Array(NAMED) }));
export const SERVER = Compile(Type.Object({ server: ID }));
export const SERVER_ZONE = Compile(
  Type.Object({ server: Type.Object({ "OS-EXT-AZ:availability_zone": Type.String() }) }),
);
export const SECURITY_GROUPS = Compile(Type.Object({ security_groups: Type.Array(NAMED) }));
export const NEW_PORT = Compile(Type.Object({ port: ID }));
export const PORTS = Compile(Type.Object({ ports: Type.Array(PORT) }));
export const VOLUME = Compile(Type.Object({ volume: ID }));
export const VOLUME_STATUS = Compile(Type.Object({ volume: Type.Object({ status: Type.String() }) }));
export const SNAPSHOT = Compile(Type.Object({ snapshot: ID }));
export const ATTACHMENTS = Compile(Type.Object({ volumeAttachments: Type.Array(ATTACHMENT) }));

/** A shape that a reply must have. */
export interface ReplyShape<T> {
  Check(value: unknown): value is T;
}

/** The body of a reply, of this shape. @throws CpiError when it has another */
export function readReply<T>(shape: ReplyShape<T>, body: unknown, request: string): T {
  if (shape.Check(body)) return body;
  throw new CpiError(`${request}: the reply has not the expected form`);
}
