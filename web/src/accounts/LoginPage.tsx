import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Navigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { messageOf } from "../api/failure";
import { sessionQuery } from "../app/queries";
import { Button } from "../controls/Button";
import { Field } from "../controls/Field";
import { Gate } from "./Gate";
import gate from "./Gate.module.css";
import { signIn, signInByLink } from "./queries";
import { useEnter } from "./useEnter";

const route = getRouteApi("/login");

export function LoginPage() {
  const { next = "/" } = route.useSearch();
  const [token] = useState(() => window.location.hash.slice(1));
  const session = useQuery(sessionQuery).data;
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const entering = useEnter(() => signIn(name.trim(), password), next);
  const linked = useEnter(signInByLink, next);
  const used = useRef(false);
  useEffect(() => {
    document.title = "Sign in · Cutroom";
    if (!token || used.current) return;
    // A link works once: a second effect run must not spend it again.
    used.current = true;
    window.history.replaceState(window.history.state, "", "/login");
    linked.mutate(token);
  }, [token, linked.mutate]);
  if (session?.setup_required) return <Navigate to="/setup" />;
  if (token && linked.isPending) return <Gate title="Signing in…">{null}</Gate>;
  const problem = entering.error ?? linked.error;
  return (
    <Gate title="Sign in to Cutroom">
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
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {problem && (
          <p role="alert" className={gate.problem}>
            {messageOf(problem)}
          </p>
        )}
        <Button look="primary" type="submit" disabled={!name.trim() || !password || entering.isPending}>
          Sign in
        </Button>
      </form>
    </Gate>
  );
}
