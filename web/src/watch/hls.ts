/** hls.js in a chunk of its own, loaded when something is about to play. */
export { default } from "hls.js";
