import { errorEntries, errorIndex, errorPage } from "../../scripts/reference/errors.ts";

/** A page for each code, and one of all codes. */
export default {
  paths: () => [
    { params: { code: "all" }, content: errorIndex() },
    ...errorEntries().map((entry) => ({ params: { code: entry.code }, content: errorPage(entry) })),
  ],
};
