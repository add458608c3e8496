import type Library from "hls.js";
// @ts-expect-error: the package declares types for its builds, not for its sources.
import Source from "hls.js/src/hls";

/** hls.js in a chunk of its own, loaded when something is about to play. */
export default Source as unknown as typeof Library;
