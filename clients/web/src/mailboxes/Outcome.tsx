/** What went wrong with a connection, in plain words, and how to mend it. */

import { Alert, Anchor, Stack, Text } from "@mantine/core";
import type { Remedy } from "mailboxes-client";

import { Icon } from "../shared/icons";
import { texts } from "../texts";

interface OutcomeProps {
  readonly failure: {
    readonly error: string;
    readonly remedy?: Remedy | null;
    readonly retryAfter?: number | null;
  };
}

export function Outcome({ failure: { error, remedy, retryAfter } }: OutcomeProps) {
  return (
    <Alert color="red" role="alert" icon={<Icon name="AlertCircle" />} title={error}>
      {(remedy ?? retryAfter) && (
        <Stack gap={4}>
          {remedy && <Text size="sm">{remedy.text}</Text>}
          {remedy?.url && <ExternalLink href={remedy.url}>{texts.form.learnMore}</ExternalLink>}
          {retryAfter && <Text size="sm">{texts.form.retryIn(retryAfter)}</Text>}
        </Stack>
      )}
    </Alert>
  );
}

export function ExternalLink({ href, children }: { readonly href: string; readonly children: string }) {
  return (
    <Anchor href={href} target="_blank" rel="noreferrer" size="sm" fw={500}>
      {children} <Icon name="ExternalLink" size={13} style={{ verticalAlign: "-1px" }} />
      <span className="sr-only"> {texts.common.opensInNewTab}</span>
    </Anchor>
  );
}
