import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Download, Trash2 } from "lucide-react";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { VideoDetail } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import form from "../controls/Form.module.css";
import { changeVideo, deleteVideo } from "../library/queries";
import { parseRate, rateLabel } from "../time/rate";
import { formatBytes, ago } from "../time/when";
import styles from "./DetailsPanel.module.css";

type Line = readonly [label: string, value: string | null | undefined];

function pictureLines(video: VideoDetail): Line[] {
  const track = video.probe?.video;
  if (!track) return [];
  const rate = track.frame_rate ? `${rateLabel(parseRate(track.frame_rate))} fps${track.variable_rate ? ", variable" : ""}` : null;
  return [
    ["Picture", `${track.width} × ${track.height}${track.rotation ? `, turned ${track.rotation}°` : ""}`],
    ["Codec", [track.codec, track.profile].filter(Boolean).join(" ")],
    ["Rate", rate],
    ["Frames", track.frames?.toLocaleString("en")],
    ["Pixels", [track.pixel_format, track.bit_depth && `${track.bit_depth} bit`, track.interlaced && "interlaced"].filter(Boolean).join(", ")],
    ["Colour", [track.color.primaries, track.color.transfer, track.hdr !== "none" && track.hdr.toUpperCase()].filter(Boolean).join(", ") || null],
    ["Bit rate", track.bit_rate ? `${(track.bit_rate / 1e6).toFixed(2)} Mb/s` : null],
  ];
}

function lines(video: VideoDetail): Line[] {
  const sound = (video.probe?.audio ?? []).map(
    (track, index): Line => [
      index === 0 ? "Sound" : "",
      [track.codec, `${track.sample_rate / 1000} kHz`, track.layout ?? `${track.channels} ch`, track.language].filter(Boolean).join(", "),
    ],
  );
  return [
    ...pictureLines(video),
    ...sound,
    ["Container", video.probe?.format],
    ["Size", formatBytes(video.size_bytes)],
    ["Timecode", video.probe?.timecode],
    ["Recorded", video.probe?.created],
    ["Added", `${ago(video.added_at)}${video.owner ? ` by ${video.owner.name}` : ""}`],
    ["Where", video.location.path ?? (video.location.kind === "stored" ? "Cutroom’s storage" : null)],
  ];
}

export function DetailsPanel({ video }: { video: VideoDetail }) {
  const may = useMay();
  const [removing, setRemoving] = useState(false);
  const client = useQueryClient();
  const changing = useMutation({
    mutationFn: (part: { visibility: "private" | "shared" }) => changeVideo(video.id, part),
    onSuccess: (changed) => client.setQueryData(["video", video.id], changed),
    onError: (error) => toast("bad", messageOf(error)),
  });
  return (
    <div className={styles.panel} data-testid="details">
      <dl>
        {lines(video)
          .filter(([, value]) => value)
          .map(([label, value]) => (
            <div key={`${label}${value}`} className={styles.line}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <div className={styles.actions}>
        <a className={styles.link} href={video.original_url} download>
          <Download aria-hidden /> Download the original
        </a>
        {may.edit && (
          <>
            <label className={form.check}>
              <input
                type="checkbox"
                checked={video.visibility === "shared"}
                disabled={changing.isPending}
                onChange={(event) => changing.mutate({ visibility: event.target.checked ? "shared" : "private" })}
              />
              Everyone on this server may see it
            </label>
            <div>
              <Button look="danger" icon={<Trash2 />} onClick={() => setRemoving(true)}>
                Remove from the library
              </Button>
            </div>
          </>
        )}
      </div>
      {removing && <RemoveDialog video={video} onClose={() => setRemoving(false)} />}
    </div>
  );
}

function RemoveDialog({ video, onClose }: { video: VideoDetail; onClose: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const removing = useMutation({
    mutationFn: () => deleteVideo(video.id),
    onSuccess: async () => {
      await navigate({ to: "/" });
      client.removeQueries({ queryKey: ["video", video.id] });
      void client.invalidateQueries({ queryKey: ["videos"] });
    },
  });
  return (
    <Dialog title={`Remove “${video.name}”?`} onClose={onClose}>
      <div className={form.form}>
        <p>
          Its clips go too.{" "}
          {video.location.kind === "reference" ? "The file itself stays where it is." : "The uploaded file is deleted: nothing brings it back."}
        </p>
        {removing.isError && <p role="alert">{messageOf(removing.error)}</p>}
        <footer className={form.footer}>
          <Button look="quiet" onClick={onClose}>
            Keep it
          </Button>
          <Button look="danger" onClick={() => removing.mutate()} disabled={removing.isPending}>
            Remove
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}
