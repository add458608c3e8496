import type { Probe, VideoDetail } from "../api/model";
import { parseRate, rateLabel } from "../time/rate";

export type Line = readonly [label: string, value: string | null | undefined];

const list = (...parts: (string | number | false | null | undefined)[]) => parts.filter(Boolean).join(", ") || null;
const count = (value: number) => value.toLocaleString("en");
const megabits = (bits: number) => `${(bits / 1e6).toFixed(2)} Mb/s`;
const ranges: Record<string, string> = { hlg: "HLG", pq: "PQ", "hdr10+": "HDR10+", "dolby-vision": "Dolby Vision" };
const origins: Record<string, string> = { track: "timecode track", header: "file header", picture: "beside the first picture" };
const sources: Record<string, string> = { declared: "declared", estimated: "estimated", counted: "counted" };

/** What the file says about its picture. */
export function pictureLines(video: VideoDetail): Line[] {
  const track = video.probe?.video;
  if (!track) return [];
  const rate = track.frame_rate ? `${rateLabel(parseRate(track.frame_rate))} fps${track.variable_rate ? ", variable" : ""}` : null;
  const fields = track.interlaced && (track.field_order === "bottom-first" ? "interlaced, bottom field first" : "interlaced, top field first");
  const profile = track.dolby_vision_profile;
  const range = ranges[track.hdr];
  return [
    ["Picture", list(`${track.width} × ${track.height}`, track.rotation !== 0 && `turned ${track.rotation}°`, track.mirrored && "mirrored")],
    ["Stored", track.sample_aspect !== "1:1" ? `${track.coded_width} × ${track.coded_height}, pixels ${track.sample_aspect}` : null],
    ["Codec", [track.codec, track.profile].filter(Boolean).join(" ")],
    ["Rate", rate],
    ["Frames", track.frames != null ? list(count(track.frames), sources[track.frames_source ?? ""]) : null],
    ["Pixels", list(track.pixel_format, track.bit_depth && `${track.bit_depth} bit`, fields)],
    ["Colour", list(track.color.primaries, track.color.transfer, track.color.matrix, track.color.range)],
    ["HDR", range ? `${range}${profile ? `, profile ${profile}` : ""}` : null],
    ["Bit rate", track.bit_rate ? megabits(track.bit_rate) : null],
  ];
}

/** What a walk over the packets counted. */
export function countedLines(probe: Probe | null): Line[] {
  const counted = probe?.counted;
  if (!counted) return [];
  const { shortest, mean, longest } = counted;
  const lengths = shortest === longest ? `${longest} frames` : `${shortest} to ${longest} frames, ${mean.toFixed(1)} on average`;
  return [
    ["Groups", `${count(counted.gops)} of ${lengths}`],
    ["", counted.open ? `${count(counted.closed)} closed, ${count(counted.open)} open` : "all closed"],
    ["B-frames", counted.b_frames ? `up to ${counted.b_frames} in a row, ${counted.reorder} held back` : "none"],
    ["Measured", counted.bit_rate ? `${megabits(counted.bit_rate)}${counted.peak_bit_rate ? `, at most ${megabits(counted.peak_bit_rate)}` : ""}` : null],
  ];
}

/** Sound, subtitles, chapters and whatever else is in the file. */
export function trackLines(probe: Probe | null): Line[] {
  if (!probe) return [];
  const each = (label: string, values: (string | null)[]) => values.map((value, index): Line => [index === 0 ? label : "", value]);
  const sound = probe.audio.map((track) =>
    list(track.codec, `${track.sample_rate / 1000} kHz`, track.layout ?? `${track.channels} ch`, track.language, track.title),
  );
  const subtitles = probe.subtitles.map((track) => list(track.codec, track.language, track.title, track.forced && "forced"));
  const others = (probe.others ?? []).map((track) => list(track.kind, track.codec, track.width && `${track.width} × ${track.height}`, track.title));
  return [
    ...each("Sound", sound),
    ...each("Subtitles", subtitles),
    ...each("Also", others),
    ["Chapters", probe.chapters.length ? count(probe.chapters.length) : null],
    ["Timecode", probe.timecode ? list(probe.timecode, origins[probe.timecode_source ?? ""]) : null],
    ["Recorded", probe.created],
    ["Device", list(probe.device?.make, probe.device?.model)],
    ["Written by", probe.device?.software],
    ["Container", probe.format],
  ];
}
