import { Button, Group, Text } from "@mantine/core";

import { texts } from "../texts";

interface MoreProps {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => Promise<unknown>;
  };
  readonly shown: number;
  readonly total: number;
}

/** The foot of a list that comes in pages. */
export function More({ query, shown, total }: MoreProps) {
  if (!query.hasNextPage) return null;
  return (
    <Group justify="center" gap="md">
      <Text size="sm" c="dimmed">
        {texts.common.showing(shown, total)}
      </Text>
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {texts.common.more}
      </Button>
    </Group>
  );
}
