/** Pairs that may be one person, the surest first. */

import { Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import { useClient } from "../shared/client";
import { More } from "../shared/More";
import { keys } from "../shared/queries";
import { Section } from "../shared/Section";
import { Empty, Failed, Loading } from "../shared/states";
import { texts } from "../texts";
import { DuplicateCard } from "./DuplicateCard";

export function DuplicatesTab() {
  const client = useClient();
  const pages = useInfiniteQuery({
    queryKey: keys.duplicates,
    queryFn: ({ pageParam, signal }) => client.listDuplicates({ pageSize: 20, pageToken: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextPageToken ?? undefined,
  });
  const pairs = pages.data?.pages.flatMap((page) => page.duplicates) ?? [];
  const total = pages.data?.pages.at(-1)?.totalSize ?? 0;

  return (
    <Section title={texts.duplicates.title} lead={texts.duplicates.lead}>
      {pages.isPending && <Loading rows={3} />}
      {pages.isError && <Failed error={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.isSuccess && pairs.length === 0 && (
        <Empty icon="ArrowMerge" title={texts.duplicates.emptyTitle} text={texts.duplicates.empty} />
      )}
      {pairs.length > 0 && (
        <Stack gap="md">
          <Text size="sm" c="dimmed" role="status">
            {texts.duplicates.found(total)}
          </Text>
          {pairs.map((pair) => (
            <DuplicateCard key={`${pair.first.id} ${pair.second.id}`} pair={pair} />
          ))}
          <More query={pages} shown={pairs.length} total={total} />
        </Stack>
      )}
    </Section>
  );
}
