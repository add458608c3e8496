import { useEffect, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Field } from "../controls/Field";
import { Gate } from "./Gate";
import gate from "./Gate.module.css";
import { sessionQuery } from "../app/queries";
import { setUp } from "./queries";
import { useEnter } from "./useEnter";

export function SetupPage() {
  const [token] = useState(() => window.location.hash.slice(1));
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const fewest = useQuery(sessionQuery).data?.password_length ?? 1;
  const entering = useEnter(() => setUp(token, name.trim(), password), "/");
  useEffect(() => {
    document.title = "Set up · Cutroom";
    // The token works once; it need not stay in the history of a shared machine.
    if (token) window.history.replaceState(window.history.state, "", "/setup");
  }, [token]);
  if (!token) {
    return (
      <Gate title="Set up Cutroom">
        <p>
          Open the one-time link that the server printed when it started. Lost it? Restart <code>cutroom serve</code>: it prints a new one.
        </p>
      </Gate>
    );
  }
  const short = password.length > 0 && password.length < fewest;
  return (
    <Gate title="Set up Cutroom">
      <p>Create the administrator of this server. Others can be added later.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          entering.mutate(undefined);
        }}
      >
        <Field label="Name" name="username" autoComplete="username" autoFocus required value={name} onChange={(event) => setName(event.target.value)} />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="new-password"
          required
          minLength={fewest}
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          help={short ? undefined : `At least ${fewest} characters.`}
          problem={short ? `${fewest - password.length} more to go.` : null}
        />
        {entering.isError && (
          <p role="alert" className={gate.problem}>
            {messageOf(entering.error)}
          </p>
        )}
        <Button look="primary" type="submit" disabled={!name.trim() || password.length < fewest || entering.isPending}>
          Create the administrator
        </Button>
      </form>
    </Gate>
  );
}
