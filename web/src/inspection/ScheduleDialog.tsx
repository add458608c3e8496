import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { messageOf } from "../api/failure";
import type { Schedule } from "../api/model";
import { Button } from "../controls/Button";
import { Dialog } from "../controls/Dialog";
import { Field } from "../controls/Field";
import form from "../controls/Form.module.css";
import { cronOf, days, firstPlan, looksLikeCron, type Plan, planOf } from "./cron";
import { addSchedule, changeSchedule } from "./queries";
import { firstTarget, isWhole, ScanTarget, type Target, wireTarget } from "./ScanTarget";
import styles from "./ScheduleDialog.module.css";

const choices = [
  ["day", "Every day"],
  ["week", "Every week"],
  ["cron", "Cron expression"],
] as const;

/** Add a schedule, or change one. */
export function ScheduleDialog({ schedule, onClose }: { schedule: Schedule | null; onClose: () => void }) {
  const [name, setName] = useState(schedule?.name ?? "");
  const [target, setTarget] = useState<Target>(schedule ? { library: schedule.library, folders: schedule.roots.join("\n"), mode: schedule.mode } : firstTarget);
  const [plan, setPlan] = useState<Plan>(schedule ? planOf(schedule.cron) : firstPlan);
  const [rescan, setRescan] = useState(schedule?.rescan ?? false);
  const client = useQueryClient();
  const saving = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), ...wireTarget(target), cron: cronOf(plan), rescan };
      return schedule ? changeSchedule(schedule.id, body) : addSchedule({ ...body, enabled: true });
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["schedules"] });
      onClose();
    },
  });
  const odd = plan.every === "cron" && !looksLikeCron(plan.cron);
  return (
    <Dialog title={schedule ? "Change the schedule" : "New schedule"} onClose={onClose} wide>
      <form
        className={form.form}
        onSubmit={(event) => {
          event.preventDefault();
          saving.mutate();
        }}
      >
        <Field label="Name" placeholder="The archive, every Saturday" value={name} onChange={(event) => setName(event.target.value)} required maxLength={100} />
        <When plan={plan} onChange={setPlan} odd={odd} />
        <ScanTarget target={target} onChange={setTarget} problem={saving.isError ? messageOf(saving.error) : null} />
        <label className={form.check}>
          <input type="checkbox" checked={rescan} onChange={(event) => setRescan(event.target.checked)} />
          Read unchanged files again, each time
        </label>
        <footer className={form.footer}>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={!name.trim() || !isWhole(target) || odd || saving.isPending}>
            {schedule ? "Save" : "Add the schedule"}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function When({ plan, onChange, odd }: { plan: Plan; onChange: (plan: Plan) => void; odd: boolean }) {
  const id = useId();
  return (
    <div className={styles.when}>
      <div className={styles.field}>
        <label htmlFor={id}>When</label>
        <select id={id} value={plan.every} onChange={(event) => onChange({ ...plan, every: event.target.value as Plan["every"], cron: cronOf(plan) })}>
          {choices.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </select>
      </div>
      {plan.every === "week" && (
        <div className={styles.field}>
          <label htmlFor={`${id}day`}>Day</label>
          <select id={`${id}day`} value={plan.day} onChange={(event) => onChange({ ...plan, day: Number(event.target.value) })}>
            {days.map((day, index) => (
              <option key={day} value={index}>
                {day}
              </option>
            ))}
          </select>
        </div>
      )}
      {plan.every === "cron" ? (
        <Field
          label="Minute, hour, day, month, weekday"
          value={plan.cron}
          onChange={(event) => onChange({ ...plan, cron: event.target.value })}
          problem={odd ? "Five fields, such as 0 3 * * 6." : null}
          spellCheck={false}
          className="mono"
        />
      ) : (
        <Field label="At (the server’s time)" type="time" value={plan.at} onChange={(event) => event.target.value && onChange({ ...plan, at: event.target.value })} required />
      )}
    </div>
  );
}
