import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Sigma, Trash2 } from "lucide-react";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { VideoDetail } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import form from "../controls/Form.module.css";
import { changeVideo, countFrames, deleteVideo } from "../library/queries";
import { formatBytes, ago } from "../time/when";
import styles from "./DetailsPanel.module.css";
import { Tags } from "./Tags";
import { countedLines, type Line, pictureLines, trackLines } from "./facts";

function lines(video: VideoDetail): Line[] {
  return [
    ...pictureLines(video),
    ...countedLines(video.probe),
    ...trackLines(video.probe),
    ["Size", formatBytes(video.size_bytes)],
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
  const counting = useMutation({
    mutationFn: () => countFrames(video.id),
    onSuccess: (probe) => client.setQueryData(["video", video.id], (known?: VideoDetail) => known && { ...known, probe }),
    onError: (error) => toast("bad", messageOf(error)),
  });
  return (
    <div className={styles.panel} data-testid="details">
      <dl>
        {lines(video)
          .filter(([, value]) => value)
          .map(([label, value], index) => (
            <div key={`${index}${label}`} className={styles.line}>
              <dt>{label}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <Tags video={video} mayEdit={may.edit} />
      <div className={styles.actions}>
        {video.probe?.video && !video.probe.counted && (
          <div>
            <Button icon={<Sigma />} onClick={() => counting.mutate()} disabled={counting.isPending} data-testid="count-frames">
              {counting.isPending ? "Counting…" : "Count frames and groups"}
            </Button>
          </div>
        )}
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
