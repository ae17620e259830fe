/** The name under which the package is published, and installed and imported by. The command that it brings is `drydock`. */
export const PACKAGE_NAME = "drydock-broker-conformance";

/** In a checkout the sources run as they are; what is published has been built. */
const IS_CHECKOUT = import.meta.url.endsWith(".ts");

/**
 * How lines that people copy begin. `npx drydock` alone would run a package of that name that is somebody else's wherever this one
 * is not installed.
 */
export const INVOCATION = IS_CHECKOUT ? "npm run -s drydock --" : `npx --package ${PACKAGE_NAME} drydock`;
