import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from "@tanstack/react-router";
import { LibraryPage } from "../library/LibraryPage";
import { librarySearch } from "../library/search";
import type { InspectSearch } from "../inspection/search";
import type { JobsSearch } from "../jobs/search";
import { Broken, NotFound } from "./Broken";
import { queryClient, sessionQuery } from "./queries";
import { Shell } from "./Shell";

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound, errorComponent: Broken });

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("../accounts/SetupPage"), "SetupPage"),
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" && search.next.startsWith("/") && !search.next.startsWith("//") ? { next: search.next } : {},
  component: lazyRouteComponent(() => import("../accounts/LoginPage"), "LoginPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  errorComponent: Broken,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (session.setup_required) throw redirect({ to: "/setup", hash: true });
    if (!session.account) throw redirect({ to: "/login", search: { next: location.href } });
  },
});

const library = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: librarySearch,
  component: LibraryPage,
});

const video = createRoute({
  getParentRoute: () => shell,
  path: "/videos/$videoId",
  validateSearch: (search: Record<string, unknown>): { frame?: number } =>
    Number.isInteger(search.frame) && (search.frame as number) >= 0 ? { frame: search.frame as number } : {},
  component: lazyRouteComponent(() => import("../watch/WatchPage"), "WatchPage"),
});

const inspect = createRoute({
  getParentRoute: () => shell,
  path: "/inspect",
  // The page reads it: what it understands of its address is not loaded before it is.
  validateSearch: (search: Record<string, unknown>) => search as InspectSearch,
  component: lazyRouteComponent(() => import("../inspection/InspectPage"), "InspectPage"),
});

const jobs = createRoute({
  getParentRoute: () => shell,
  path: "/jobs",
  validateSearch: (search: Record<string, unknown>) => search as JobsSearch,
  component: lazyRouteComponent(() => import("../jobs/JobsPage"), "JobsPage"),
});

const upload = createRoute({
  getParentRoute: () => shell,
  path: "/upload",
  component: lazyRouteComponent(() => import("../uploads/UploadPage"), "UploadPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("../accounts/SettingsPage"), "SettingsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([setup, login, shell.addChildren([library, video, upload, inspect, jobs, settings])]),
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
