import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { type SyntheticEvent, useRef, useState } from "react";

import { Icon } from "../shared/icons";
import { Themed } from "../shared/Themed";
import { texts } from "../texts";

interface TokenFormProps {
  readonly nonce: string;
  readonly refused: boolean;
  readonly onToken: (token: string) => void;
}

export function TokenForm({ nonce, refused, onToken }: TokenFormProps) {
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLInputElement>(null);

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    const token = field.current?.value.trim() ?? "";
    setMissing(!token);
    if (token) onToken(token);
  }

  return (
    <Themed styleNonce={nonce}>
      <Center component="main" mih="100dvh" p="md">
        <Paper className="card" p="xl" w="100%" maw={420}>
          <form onSubmit={submit} noValidate>
            <Stack gap="lg">
              <Stack gap={6}>
                <Title order={1} size="h2">
                  {texts.token.title}
                </Title>
                <Text c="dimmed" size="sm">
                  {texts.token.lead}
                </Text>
              </Stack>
              {refused && (
                <Alert color="red" role="alert" icon={<Icon name="AlertCircle" />}>
                  {texts.token.refused}
                </Alert>
              )}
              <PasswordInput
                ref={field}
                label={texts.token.field}
                description={texts.token.hint}
                error={missing && texts.token.missing}
                autoComplete="off"
                spellCheck={false}
              />
              <Button type="submit">{texts.token.enter}</Button>
            </Stack>
          </form>
        </Paper>
      </Center>
    </Themed>
  );
}
