import type { WebhookEvent } from "../api/model";
import form from "../controls/Form.module.css";
import { eventNames } from "./queries";
import styles from "./Webhooks.module.css";

interface EventChoiceProps {
  events: readonly WebhookEvent[];
  onChange: (events: WebhookEvent[]) => void;
}

/** The events a webhook is told of, to be ticked. */
export function EventChoice({ events, onChange }: EventChoiceProps) {
  return (
    <fieldset className={styles.choice}>
      <legend>Tell it when</legend>
      {eventNames.map(([event, name]) => (
        <label key={event} className={form.check}>
          <input
            type="checkbox"
            checked={events.includes(event)}
            onChange={({ target }) => onChange(target.checked ? [...events, event] : events.filter((one) => one !== event))}
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
