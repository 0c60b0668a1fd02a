/** The latest harvest of a mailbox, live while it is under way. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Harvest, Mailbox, Policy } from "mailboxes-client";
import { useEffect, useState } from "react";

import { useClient } from "../shared/client";
import { notifyFailed } from "../shared/notify";
import { keys, useContactsChanged, useMailboxesChanged } from "../shared/queries";

export function useHarvest({ id }: Mailbox) {
  const client = useClient();
  const queries = useQueryClient();
  const latest = useQuery({
    queryKey: keys.harvest(id),
    queryFn: ({ signal }) => client.getLatestHarvest(id, signal),
    staleTime: 5000,
  });
  const harvest = latest.data ?? undefined;
  const isUnderWay = harvest?.state === "queued" || harvest?.state === "running";
  const watched = useWatched(id, isUnderWay ? harvest.id : undefined);
  const start = useStartHarvest(id);
  const cancel = useMutation({
    mutationFn: (harvestId: string) => client.cancelHarvest(harvestId),
    onSuccess: (now) => queries.setQueryData(keys.harvest(id), now),
  });

  return {
    latest: harvest,
    isUnderWay,
    /** The id of a harvest that was seen under way here: what came of it is news. */
    watched,
    isStarting: start.isPending,
    start: () => {
      start.mutate(undefined);
    },
    cancel: () => {
      if (harvest) cancel.mutate(harvest.id);
    },
  };
}

/** Begins a harvest, which every card of that mailbox then shows. */
export function useStartHarvest(mailboxId: string) {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (policy: Exclude<Policy, "unknown"> | undefined) => client.startHarvest(mailboxId, policy),
    onSuccess: (harvest) => queries.setQueryData(keys.harvest(mailboxId), harvest),
  });
}

function useWatched(mailboxId: string, harvestId: string | undefined): string | undefined {
  const client = useClient();
  const queries = useQueryClient();
  const contactsChanged = useContactsChanged();
  const mailboxesChanged = useMailboxesChanged();
  const [watched, setWatched] = useState<string>();

  useEffect(() => {
    if (!harvestId) return;
    const leaving = new AbortController();
    const follow = async () => {
      for await (const now of client.watchHarvest(harvestId, leaving.signal)) {
        setWatched(harvestId);
        queries.setQueryData<Harvest>(keys.harvest(mailboxId), now);
      }
      if (!leaving.signal.aborted) await Promise.all([contactsChanged(), mailboxesChanged()]);
    };
    follow().catch((error: unknown) => {
      if (!leaving.signal.aborted) notifyFailed(error);
    });
    return () => {
      leaving.abort();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the others never change what is watched
  }, [harvestId, client]);
  return watched;
}
