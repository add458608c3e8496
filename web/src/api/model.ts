/** What the server answers, under the names that the pages use. */
import type { components } from "./generated/schema";

type Schemas = components["schemas"];

export type Account = Schemas["CurrentAccount"];
export type AccountRow = Schemas["AccountShape"];
export type Session = Schemas["SessionState"];
export type VideoRow = Schemas["VideoRow"];
export type VideoDetail = Schemas["VideoDetail"];
export type VideoPage = Schemas["VideoPage"];
export type Sprite = Schemas["Sprite"];
export type Probe = Schemas["ProbeShape"];
export type VideoTrack = Schemas["VideoTrack"];
export type Download = Schemas["Download"];
export type Finding = Schemas["FindingShape"];
export type Timing = Schemas["Timing"];
export type Clip = Schemas["ClipShape"];
export type ClipRequest = Schemas["ClipRequest"];
export type Job = Schemas["JobShape"];
export type JobCounts = Schemas["JobCounts"];
export type JobPage = Schemas["JobPage"];
export type ErrorDocument = Schemas["ErrorBody"];
export type Role = Account["role"];
export type Verdict = VideoRow["verdict"];
export type ProxyState = VideoRow["proxy_state"];
export type JobState = Job["state"];
export type ClipMode = Clip["mode"];
