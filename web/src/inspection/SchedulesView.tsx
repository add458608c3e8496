import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { CalendarClock, Pencil, Play, Trash2, Unplug } from "lucide-react";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { Schedule } from "../api/model";
import { toast } from "../app/toasts";
import { Button, IconButton } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { Skeleton } from "../controls/Skeleton";
import { ago, isoInstant } from "../time/when";
import { planInWords } from "./cron";
import { modeWord } from "./modes";
import { placeOf } from "./places";
import { changeSchedule, deleteSchedule, runSchedule, schedulesQuery } from "./queries";
import { ScheduleDialog } from "./ScheduleDialog";
import styles from "./SchedulesView.module.css";

const shortly = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Scans that start by themselves. */
export function SchedulesView({ adding, onAdd, onAdded }: { adding: boolean; onAdd: () => void; onAdded: () => void }) {
  const query = useQuery(schedulesQuery);
  const [changing, setChanging] = useState<Schedule | null>(null);
  const schedules = query.data?.items ?? [];
  return (
    <div className={styles.view} aria-busy={query.isPending}>
      {query.isPending ? (
        Array.from({ length: 4 }, (_, index) => <Skeleton key={index} className={styles.waiting} />)
      ) : query.isError ? (
        <Notice icon={<Unplug />} title="The schedules could not be read">
          <p role="alert">{messageOf(query.error)}</p>
          <Button onClick={() => void query.refetch()}>Try again</Button>
        </Notice>
      ) : schedules.length === 0 ? (
        <Notice icon={<CalendarClock />} title="Nothing is scheduled">
          <p>A schedule looks at the same folders every night or every week. Files that have not changed are not read again, so it costs little.</p>
          <Button onClick={onAdd}>Add a schedule</Button>
        </Notice>
      ) : (
        <ul data-testid="schedules">
          {schedules.map((schedule) => (
            <ScheduleRow key={schedule.id} schedule={schedule} onChange={() => setChanging(schedule)} />
          ))}
        </ul>
      )}
      {adding && <ScheduleDialog schedule={null} onClose={onAdded} />}
      {changing && <ScheduleDialog schedule={changing} onClose={() => setChanging(null)} />}
    </div>
  );
}

function ScheduleRow({ schedule, onChange }: { schedule: Schedule; onChange: () => void }) {
  const place = placeOf(schedule);
  return (
    <li className={styles.row} data-testid="schedule" data-enabled={schedule.enabled}>
      <Enabled schedule={schedule} />
      <div className={styles.what}>
        <strong>{schedule.name}</strong>
        <span title={place.all}>
          {place.name} · {modeWord(schedule.mode)}
          {schedule.rescan && " · reads unchanged files again"}
        </span>
      </div>
      <div className={styles.when}>
        <strong>
          {planInWords(schedule.cron)} <span>{schedule.time_zone}</span>
        </strong>
        <span>{schedule.enabled ? <Next at={schedule.next_run_at} /> : "Switched off"}</span>
      </div>
      <div className={styles.last}>
        {schedule.error ? (
          <span className={styles.problem}>{schedule.error.message}</span>
        ) : schedule.last_run_at === null ? (
          "Has not run yet"
        ) : schedule.last_scan_id ? (
          <Link to="/inspect" search={{ scan: schedule.last_scan_id }}>
            Ran {ago(schedule.last_run_at)}
          </Link>
        ) : (
          `Ran ${ago(schedule.last_run_at)}`
        )}
      </div>
      <Actions schedule={schedule} onChange={onChange} />
    </li>
  );
}

function Next({ at }: { at: number | null }) {
  if (at === null) return "No next run";
  return (
    <time dateTime={isoInstant(at)}>
      Next {ago(at)}, {shortly.format(at / 1000)}
    </time>
  );
}

function useSchedules() {
  const client = useQueryClient();
  return {
    onSuccess: () => client.invalidateQueries({ queryKey: ["schedules"] }),
    onError: (error: unknown) => toast("bad", messageOf(error)),
  };
}

function Enabled({ schedule }: { schedule: Schedule }) {
  const switching = useMutation({ mutationFn: (enabled: boolean) => changeSchedule(schedule.id, { enabled }), ...useSchedules() });
  return (
    <input
      type="checkbox"
      role="switch"
      className={styles.switch}
      aria-label={`${schedule.name}: switched on`}
      checked={switching.isPending ? switching.variables : schedule.enabled}
      onChange={(event) => switching.mutate(event.target.checked)}
    />
  );
}

function Actions({ schedule, onChange }: { schedule: Schedule; onChange: () => void }) {
  const navigate = useNavigate();
  const client = useQueryClient();
  const after = useSchedules();
  const running = useMutation({
    mutationFn: () => runSchedule(schedule.id),
    onSuccess: async () => {
      await Promise.all([after.onSuccess(), client.invalidateQueries({ queryKey: ["scans"] })]);
      await navigate({ to: "/inspect", search: {} });
    },
    onError: after.onError,
  });
  const deleting = useMutation({ mutationFn: () => deleteSchedule(schedule.id), ...after });
  return (
    <div className={styles.actions}>
      <Button icon={<Play />} onClick={() => running.mutate()} disabled={running.isPending}>
        Run now
      </Button>
      <IconButton label={`Change ${schedule.name}`} onClick={onChange}>
        <Pencil />
      </IconButton>
      <IconButton label={`Delete ${schedule.name}`} onClick={() => deleting.mutate()} disabled={deleting.isPending}>
        <Trash2 />
      </IconButton>
    </div>
  );
}
