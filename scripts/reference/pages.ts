import { apiPage } from "./api.ts";
import { commandPage } from "./commands.ts";
import { controlDocument } from "./control.ts";

/** The generated pages by their path from the root of the repository. */
export const referencePages = (): readonly (readonly [path: string, text: string])[] => [
  ["docs/api/README.md", apiPage()],
  ["docs/commands.md", commandPage()],
  ["docs/control.openapi.json", controlDocument()],
];
