/** What is read from the gateway, and what has to be read again after a change. */

import { MutationCache, QueryCache, QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { UnauthenticatedError, UnavailableError } from "mailboxes-client";

import { useClient } from "./client";
import { notifyFailed } from "./notify";

export const keys = {
  mailboxes: ["mailboxes"],
  schedules: ["schedules"],
  providers: ["providers"],
  harvest: (mailboxId: string) => ["harvest", mailboxId],
  runs: (mailboxId: string) => ["runs", mailboxId],
  contacts: ["contacts"],
  skipped: ["skipped"],
  duplicates: ["duplicates"],
  groups: ["groups"],
} as const;

export function newQueryClient(onUnauthenticated: () => void): QueryClient {
  const onError = (error: unknown) => {
    if (error instanceof UnauthenticatedError) onUnauthenticated();
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) => {
        onError(error);
        if (!mutation.meta?.shownInPlace) notifyFailed(error);
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => failures < 2 && error instanceof UnavailableError,
      },
    },
  });
}

export function useMailboxes() {
  const client = useClient();
  return useQuery({ queryKey: keys.mailboxes, queryFn: ({ signal }) => client.listMailboxes(signal) });
}

export function useSchedules() {
  const client = useClient();
  return useQuery({
    queryKey: keys.schedules,
    queryFn: ({ signal }) => client.listSchedules(signal),
    refetchInterval: 60_000,
  });
}

export function useProviders() {
  const client = useClient();
  return useQuery({
    queryKey: keys.providers,
    queryFn: ({ signal }) => client.listProviders(signal),
    staleTime: Infinity,
  });
}

export function useGroups() {
  const client = useClient();
  return useQuery({ queryKey: keys.groups, queryFn: ({ signal }) => client.listGroups(signal) });
}

/** Returns a function that reads everything that has to do with contacts again. */
export function useContactsChanged(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    const changed = [keys.contacts, keys.skipped, keys.duplicates, keys.groups];
    await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
  };
}

/** Returns a function that reads mailboxes and their schedules again. */
export function useMailboxesChanged(): () => Promise<void> {
  const queries = useQueryClient();
  return async () => {
    const changed = [keys.mailboxes, keys.schedules];
    await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
  };
}
