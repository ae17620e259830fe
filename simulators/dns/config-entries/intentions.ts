import { byText } from "../../kernel/index.ts";
import type { Fields } from "./decode.ts";
import { partView } from "./print.ts";
import { ENTRY_KINDS } from "./schema.ts";
import { type ConfigEntries, type ConfigEntry, listIn } from "./store.ts";
import { textIn } from "./fields.ts";

/** One intention: a source of a destination's entry. */
export interface Intention {
  readonly entry: ConfigEntry;
  readonly source: Fields;
}

const KIND = "service-intentions";

/** All intentions, the most exact first. */
export const allIntentions = (entries: ConfigEntries): readonly Intention[] =>
  entries
    .list(KIND)
    .flatMap((entry) => listIn(entry.fields, "Sources").map((source) => ({ entry, source })))
    .sort(byPrecedence);

const byPrecedence = (a: Intention, b: Intention): number =>
  Number(b.source.Precedence) - Number(a.source.Precedence) ||
  byText(textIn(a.source, "Name"), textIn(b.source, "Name")) ||
  byText(a.entry.name, b.entry.name);

/** The intention between two services, as it was given. */
export function exactIntention(
  entries: ConfigEntries,
  destination: string,
  from: { readonly name: string; readonly peer?: string },
): Intention | undefined {
  const entry = entries.get(KIND, destination);
  const source =
    entry &&
    listIn(entry.fields, "Sources").find(
      (each) => textIn(each, "Name") === from.name && textIn(each, "Peer") === (from.peer ?? ""),
    );
  return entry && source && { entry, source };
}

/** The intention with an id, which older clients gave. */
export const intentionById = (entries: ConfigEntries, id: string): Intention | undefined =>
  allIntentions(entries).find(({ source }) => textIn(source, "LegacyID") === id);

/** The intentions that apply to a service on one side, the most exact first. */
export const matchingIntentions = (
  entries: ConfigEntries,
  side: "source" | "destination",
  name: string,
): readonly Intention[] =>
  allIntentions(entries).filter(({ entry, source }) => {
    const own = side === "destination" ? entry.name : textIn(source, "Name");
    if (side === "source" && textIn(source, "Peer") !== "") return false;
    return own === name || own === "*";
  });

/** Whether a service may connect to another; undefined if nothing says so. */
export function decide(entries: ConfigEntries, source: string, destination: string): boolean | undefined {
  const found = matchingIntentions(entries, "source", source).find(
    ({ entry }) => entry.name === destination || entry.name === "*",
  );
  if (found === undefined) return undefined;
  return textIn(found.source, "Action") === "allow" && listIn(found.source, "Permissions").length === 0;
}

const SOURCES = ENTRY_KINDS[KIND]?.Sources?.type;
const SOURCE = typeof SOURCES === "object" && "list" in SOURCES ? SOURCES.list : "any";

/** An intention as its own API shows it. */
export function intentionView({ entry, source }: Intention): Fields {
  const shown = partView(source, SOURCE);
  const view: Fields = typeof shown === "object" && shown !== null ? { ...shown } : {};
  const id = textIn(source, "LegacyID");
  const meta = id === "" ? entry.fields.Meta : view.LegacyMeta;
  return {
    ...(id !== "" && { CreatedAt: source.LegacyCreateTime, UpdatedAt: source.LegacyUpdateTime, ID: id }),
    ...("Description" in view && { Description: view.Description }),
    SourceNS: "default",
    SourceName: view.Name,
    DestinationNS: "default",
    DestinationName: entry.name,
    ...("Peer" in view && { SourcePeer: view.Peer }),
    SourceType: view.Type,
    ...("Action" in view && { Action: view.Action }),
    ...("Permissions" in view && { Permissions: view.Permissions }),
    ...(entry.fields.JWT !== undefined && { JWT: entry.fields.JWT }),
    ...(meta !== undefined && { Meta: meta }),
    Precedence: view.Precedence,
    ...(id !== "" && { Hash: Buffer.from(id).toString("base64") }),
    CreateIndex: entry.createIndex,
    ModifyIndex: entry.modifyIndex,
  };
}
