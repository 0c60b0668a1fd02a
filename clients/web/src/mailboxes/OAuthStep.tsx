import { Alert, Button, Stack, Text } from "@mantine/core";
import type { Mailbox, Suggestion } from "mailboxes-client";

import { useClient } from "../shared/client";
import { Icon } from "../shared/icons";
import { useMailboxesChanged, useProviders } from "../shared/queries";
import { texts } from "../texts";
import { useConnect } from "./useConnect";

interface OAuthStepProps {
  readonly address: string;
  readonly suggestion: Suggestion;
  readonly onPassword: () => void;
  readonly onConnected: (mailbox: Mailbox) => void;
}

export function OAuthStep({ address, suggestion, onPassword, onConnected }: OAuthStepProps) {
  const client = useClient();
  const changed = useMailboxesChanged();
  const providers = useProviders();
  const provider = suggestion.oauthProvider ?? "";
  const name =
    providers.data?.find((one) => one.id === provider)?.name ?? suggestion.providerName ?? provider;
  const { connect, error, isWaiting } = useConnect((id) => {
    void (async () => {
      await client.testMailbox(id).catch(() => undefined); // so that its status is true; the list shows it
      const mailbox = (await client.listMailboxes()).find((one) => one.id === id);
      await changed();
      if (mailbox) onConnected(mailbox);
    })();
  });

  return (
    <Stack gap="lg">
      <Text size="sm">{texts.form.oauthText}</Text>
      {error && (
        <Alert color="red" role="alert" icon={<Icon name="AlertCircle" />}>
          {error}
        </Alert>
      )}
      <Button
        size="md"
        data-autofocus
        leftSection={<Icon name="PlugConnected" />}
        loading={isWaiting}
        onClick={() => {
          connect({ provider, loginHint: address });
        }}
      >
        {texts.form.oauth(name)}
      </Button>
      {isWaiting && (
        <Text size="sm" c="dimmed" ta="center" role="status">
          {texts.form.oauthWaiting}
        </Text>
      )}
      <Button variant="subtle" onClick={onPassword}>
        {texts.form.usePassword}
      </Button>
    </Stack>
  );
}
