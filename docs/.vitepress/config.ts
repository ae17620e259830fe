import { defineConfig } from "vitepress";
import { errorEntries } from "../../scripts/reference/errors.ts";

/** Pages stay where they are in the repository, so that their links work on both; the site is a view of it. */
const SOURCES = new URL("../..", import.meta.url).pathname;

/** What is not a page of the site. */
const EXCLUDED = [
  "node_modules/**",
  "dist/**",
  "**/recordings/**",
  "docs/errors/index.md",
  "docs/.vitepress/**",
  ".*/**",
];

const link = (text: string, path: string): { readonly text: string; readonly link: string } => ({ text, link: path });

const SIDEBAR = [
  {
    text: "First ten minutes",
    items: [
      link("For a broker's vendor", "/docs/first/vendor"),
      link("For a platform engineer", "/docs/first/platform"),
      link("For a reliability engineer", "/docs/first/reliability"),
      link("macOS and Windows", "/docs/first/other-systems"),
    ],
  },
  {
    text: "Guides",
    items: [
      link("drydock.yml", "/docs/drydock-yml"),
      link("In CI", "/docs/ci"),
      link("The library", "/docs/library"),
      link("Certification", "/docs/certification"),
      link("Faults", "/docs/faults"),
      link("The live page", "/reports/live/README"),
      link("The control API", "/simulators/control/README"),
      link("Reports", "/reports/README"),
      link("Adapters for data services", "/conformance/data/README"),
    ],
  },
  {
    text: "Reference",
    items: [
      link("Commands", "/docs/commands"),
      link("Exports of the library", "/docs/api/README"),
      link("Errors by code", "/docs/errors/all"),
      link("Clauses of OSB", "/docs/conformance/osb"),
      link("Backups", "/docs/conformance/backup"),
      link("Isolation", "/docs/conformance/isolation"),
      link("Kill matrix", "/docs/conformance/kill-matrix"),
      link("Brokers of the field", "/docs/conformance/field"),
      link("Words", "/docs/glossary"),
    ],
  },
  {
    text: "How it is built",
    items: [
      link("Architecture", "/docs/architecture"),
      link("What the real systems do", "/docs/discoveries/README"),
      link("Parity: director", "/docs/parity/bosh"),
      link("Parity: OpenStack", "/docs/parity/openstack"),
      link("Parity: names", "/docs/parity/dns"),
      link("Contributing", "/CONTRIBUTING"),
      link("Changes", "/CHANGELOG"),
    ],
  },
];

/** Links to files that are not pages (sources, schemas, licences) lead into the repository, where a reader of the site has them. */
const isNoPage = (url: string): boolean => !/\.md(#|$)|^#|^\/|\/$/.test(url) || url.startsWith("http");

export default defineConfig({
  title: "Drydock",
  description: "A whole fake cloud that proves, without a cloud, that a service broker is right.",
  srcDir: SOURCES,
  srcExclude: EXCLUDED,
  outDir: `${SOURCES}dist/site`,
  cacheDir: `${SOURCES}node_modules/.vitepress`,
  rewrites: { "README.md": "index.md" },
  cleanUrls: false,
  lastUpdated: false,
  ignoreDeadLinks: [isNoPage],
  // Pages are plain Markdown: a placeholder such as <url> is text, braces give no attributes, and {{ is GitHub's.
  markdown: { attrs: { disable: true }, config: (md) => void md.set({ html: false }) },
  vue: { template: { compilerOptions: { delimiters: ["\u0001", "\u0002"] } } },
  vite: { build: { chunkSizeWarningLimit: 5000 } },
  themeConfig: {
    search: { provider: "local" },
    sidebar: SIDEBAR,
    outline: [2, 3],
    docFooter: { prev: false, next: false },
    nav: [
      link("First ten minutes", "/docs/first/vendor"),
      link("Commands", "/docs/commands"),
      link(`${errorEntries().length} errors`, "/docs/errors/all"),
    ],
  },
});
