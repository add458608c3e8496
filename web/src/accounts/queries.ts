import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import type { Role } from "../api/model";

export const setUp = (token: string, name: string, password: string) =>
  unwrap(client.POST("/api/setup", { body: { token, name, password } }));
export const signIn = (name: string, password: string) => unwrap(client.POST("/api/session", { body: { name, password } }));
export const signInByLink = (token: string) => unwrap(client.POST("/api/session/link", { body: { token } }));
export const signOut = () => unwrap(client.DELETE("/api/session"));

export const sessionsQuery = queryOptions({
  queryKey: ["sessions"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/sessions", { signal })),
});
export const endSession = (id: string) => unwrap(client.DELETE("/api/sessions", { params: { query: { id } } }));

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/tokens", { signal })),
});
export const createToken = (name: string) => unwrap(client.POST("/api/tokens", { body: { name } }));
export const deleteToken = (id: string) => unwrap(client.DELETE("/api/tokens/{token_id}", { params: { path: { token_id: id } } }));

export const accountsQuery = queryOptions({
  queryKey: ["accounts"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/accounts", { signal })),
});
export const createAccount = (name: string, password: string, role: Role) =>
  unwrap(client.POST("/api/accounts", { body: { name, password: password || undefined, role } }));
export const changeAccount = (id: string, part: { role?: Role; disabled?: boolean }) =>
  unwrap(client.PATCH("/api/accounts/{account_id}", { params: { path: { account_id: id } }, body: part }));
