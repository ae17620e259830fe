import type { NodeRow, ServiceRow } from "./rows.ts";

/** Rows of another datacenter with translated addresses: those that are tagged for it. */
export interface Translation {
  readonly node: (row: NodeRow) => NodeRow;
  readonly service: <S extends Pick<ServiceRow, "address" | "port" | "taggedAddresses">>(row: S) => S;
}

/** Within a datacenter: the addresses as they are registered. */
export const AS_IT_IS: Translation = { node: (row) => row, service: (row) => row };

/** Into another datacenter: the addresses that are tagged `wan`. */
export const BY_WAN: Translation = {
  node: (row) => {
    const address = row.taggedAddresses?.wan ?? row.taggedAddresses?.wan_ipv4;
    return address === undefined || address === "" ? row : { ...row, address };
  },
  service: (row) => {
    const tagged = row.taggedAddresses?.wan ?? row.taggedAddresses?.wan_ipv4;
    return tagged === undefined || tagged.Address === ""
      ? row
      : { ...row, address: tagged.Address, port: tagged.Port || row.port };
  },
};
