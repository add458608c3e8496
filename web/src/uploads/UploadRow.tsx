import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleCheck, Copy, FileQuestion, OctagonX, Pause, Play, RotateCcw, X } from "lucide-react";
import { IconButton } from "../controls/Button";
import { Progress } from "../controls/Progress";
import { VerdictBadge } from "../inspection/VerdictBadge";
import { videoQuery } from "../library/queries";
import { formatBytes, formatEta } from "../time/when";
import { secondsLeft } from "./pace";
import type { Upload } from "./store";
import styles from "./UploadRow.module.css";
import { cancelUpload, pauseUpload, resumeUpload } from "./uploads";

/** One file on its way: how far it is, how fast, and in the end what the check said. */
export function UploadRow({ upload, verdict = false }: { upload: Upload; verdict?: boolean }) {
  const over = upload.state === "done" || upload.state === "failed";
  return (
    <li className={styles.row} data-state={upload.state}>
      <StateIcon upload={upload} />
      <div className={styles.what}>
        {upload.videoId ? (
          <Link to="/videos/$videoId" params={{ videoId: upload.videoId }} className={styles.name}>
            {upload.name}
          </Link>
        ) : (
          <span className={styles.name}>{upload.name}</span>
        )}
        {upload.problem ? (
          <span className={styles.problem} role="alert">
            {upload.problem}
          </span>
        ) : (
          <span className={styles.detail}>{describe(upload)}</span>
        )}
        {upload.notice && <span className={styles.notice}>{upload.notice}</span>}
        {upload.duplicateOf[0] !== undefined && <Duplicate of={upload.duplicateOf[0]} />}
        {!over && upload.state !== "left" && <Progress value={upload.size ? upload.sent / upload.size : 0} label={`Upload of ${upload.name}`} />}
      </div>
      {verdict && upload.videoId && <Verdict videoId={upload.videoId} />}
      <Controls upload={upload} over={over} />
    </li>
  );
}

function Controls({ upload, over }: { upload: Upload; over: boolean }) {
  return (
    <span className={styles.controls}>
      {(upload.state === "sending" || upload.state === "waiting") && (
        <IconButton label={`Pause ${upload.name}`} onClick={() => pauseUpload(upload.id)}>
          <Pause />
        </IconButton>
      )}
      {upload.state === "paused" && (
        <IconButton label={`Resume ${upload.name}`} onClick={() => resumeUpload(upload.id)}>
          <Play />
        </IconButton>
      )}
      {upload.state === "failed" && (
        <IconButton label={`Try ${upload.name} again`} onClick={() => resumeUpload(upload.id)}>
          <RotateCcw />
        </IconButton>
      )}
      <IconButton label={over ? `Remove ${upload.name} from this list` : `Cancel ${upload.name}`} onClick={() => cancelUpload(upload.id)}>
        <X />
      </IconButton>
    </span>
  );
}

function StateIcon({ upload }: { upload: Upload }) {
  if (upload.state === "done") return <CircleCheck className={styles.ok} aria-label="Done" />;
  if (upload.state === "failed") return <OctagonX className={styles.bad} aria-label="Failed" />;
  if (upload.state === "left") return <FileQuestion className={styles.idle} aria-label="Left unfinished" />;
  return <span className={styles.under} />;
}

function Duplicate({ of }: { of: string }) {
  const name = useQuery(videoQuery(of)).data?.name;
  return (
    <span className={styles.notice}>
      <Copy aria-hidden />
      The same bytes are in the library already, as{" "}
      <Link to="/videos/$videoId" params={{ videoId: of }}>
        {name ?? "another video"}
      </Link>
      .
    </span>
  );
}

function Verdict({ videoId }: { videoId: string }) {
  const video = useQuery(videoQuery(videoId)).data;
  return <VerdictBadge verdict={video?.verdict ?? "pending"} message={video?.verdict_message} />;
}

function describe(upload: Upload): string {
  if (upload.state === "waiting") return `Waiting · ${formatBytes(upload.size)}`;
  if (upload.state === "finishing") return "Handing over to the library…";
  if (upload.state === "done") return formatBytes(upload.size);
  if (upload.state === "left") return `Left unfinished · choose this file again (${formatBytes(upload.size)}) to go on where it was`;
  const share = `${formatBytes(upload.sent)} of ${formatBytes(upload.size)}`;
  if (upload.state === "paused") return `Paused · ${share}`;
  const left = secondsLeft(upload.sent, upload.size, upload.speed);
  return upload.speed === null || left === null ? share : `${share} · ${formatBytes(upload.speed)}/s · ${formatEta(left)}`;
}
