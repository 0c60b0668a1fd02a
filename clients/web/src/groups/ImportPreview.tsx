import { Group, Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import type { ImportResult } from "mailboxes-client";

import { sentenceOf } from "../shared/notify";
import { texts } from "../texts";

interface ImportPreviewProps {
  readonly result: ImportResult | undefined;
  readonly error: unknown;
  readonly isCounting: boolean;
}

/** What an import would do, in numbers. */
export function ImportPreview({ result, error, isCounting }: ImportPreviewProps) {
  return (
    <Paper className="well" radius="md" p="md" aria-live="polite" aria-busy={isCounting}>
      <Stack gap="sm">
        <Text size="sm" fw={500}>
          {texts.import.preview}
        </Text>
        {error ? <Text size="sm">{sentenceOf(error)}</Text> : null}
        {!result && !error && (
          <Text size="sm" c="dimmed">
            {texts.import.previewing}
          </Text>
        )}
        {result && <Numbers result={result} />}
      </Stack>
    </Paper>
  );
}

function Numbers({ result }: { readonly result: ImportResult }) {
  const skipped = result.skipped.reduce((sum, one) => sum + one.count, 0);
  return (
    <>
      <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
        <Figure value={result.added} label={texts.import.added} />
        <Figure value={result.updated} label={texts.import.updated} />
        <Figure value={result.unchanged} label={texts.import.unchanged} />
        <Figure value={skipped} label={texts.import.left} />
      </SimpleGrid>
      {result.added + result.updated === 0 && (
        <Text size="sm" c="dimmed">
          {texts.import.nothing}
        </Text>
      )}
      {skipped > 0 && (
        <Group gap="xs">
          {result.skipped.map(({ reason, count }) => (
            <Text key={reason} size="xs" c="dimmed">
              {texts.skipped.reasons[reason]}: {count.toLocaleString("en")}
            </Text>
          ))}
        </Group>
      )}
    </>
  );
}

function Figure({ value, label }: { readonly value: number; readonly label: string }) {
  return (
    <Stack gap={0}>
      <Text fz="xl" fw={600} lh={1.2} className="figures">
        {value.toLocaleString("en")}
      </Text>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
    </Stack>
  );
}
