import { expect, it } from "vitest";
import { attackNames, openServers } from "./names.ts";

/** The whole campaign is `npm run fuzz:names`. */
const PACKETS = 5000;

it.each(openServers(7))("$name survives packets of every sort", (attacked) => {
  expect(attackNames(attacked, PACKETS)).toEqual([]);
});
