import type { Director } from "../state/director.ts";

/** The name of a variable as the config server knows it. */
export const absoluteName = (director: Director, deployment: string, name: string): string =>
  name.startsWith("/") ? name : `/${director.name}/${deployment}/${name}`;

const CREDHUB = {
  missing:
    "The request could not be completed because the credential does not exist or you do not have sufficient authorization.",
  type: "The request does not include a valid type. Valid values for generate include 'password', 'user', 'certificate', 'ssh' and 'rsa'.",
};

/** How the config server words its refusals. */
export const refusalsOf = ({ options }: Director): typeof CREDHUB => options.configServer?.refusals ?? CREDHUB;
