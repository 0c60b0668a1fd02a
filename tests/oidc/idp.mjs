// The OpenID provider of the tests: oidc-provider with users who do what their browser's header says.
// usage: node idp.mjs OPTIONS.json (support/oidc.py writes it). It listens on loopback only.
import { readFileSync } from 'node:fs';

import Provider from 'oidc-provider';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';

const options = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `http://127.0.0.1:${options.port}`;
const stored = new Map(); // the adapter's own storage forgets the oldest of a thousand entries
const counts = {};

const count = (what) => { counts[what] = (counts[what] ?? 0) + 1; };

const provider = new Provider(issuer, {
  adapter: (model) => new MemoryAdapter(model, stored),
  clients: options.clients,
  scopes: ['openid', 'offline_access', 'email', 'mail.read'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  conformIdTokenClaims: false, // the address is in the ID token too, as Google and Microsoft have it
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => (options.sends_address ? { sub: id, email: id, email_verified: true } : { sub: id }),
  }),
  pkce: { required: () => true },
  issueRefreshToken: () => options.refresh_tokens,
  rotateRefreshToken: options.rotates,
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true }, // a mail server looks at others' tokens
    resourceIndicators: { enabled: false },
  },
  ttl: {
    AccessToken: options.access_token_seconds,
    RefreshToken: 86400, Grant: 86400, Session: 86400,
    AuthorizationCode: 60, Interaction: 600, IdToken: 600,
  },
  interactions: { url: (_, interaction) => `/user/${interaction.uid}` },
  cookies: { keys: ['of the tests'] },
});

// Tokens are canaries: the search for secrets after the tests finds them wherever they got out.
for (const model of [provider.AccessToken, provider.RefreshToken]) {
  const random = model.prototype.generateTokenId;
  model.prototype.generateTokenId = function generateTokenId() { return `CANARY-${random.call(this)}`; };
}

provider.on('grant.success', (ctx) => count(ctx.oidc.params.grant_type));
provider.on('grant.error', (ctx, error) => {
  count(error.error);
  if (error.error_detail === 'refresh token already used') count('reuse');
});
provider.on('grant.revoked', () => count('revoked'));
provider.on('server_error', (_, error) => { count('server_error'); console.error(error); });

// The user: logs in as the header says, or else the login hint, and allows all that is not unticked.
async function meetUser(ctx) {
  const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
  const user = JSON.parse(ctx.get('x-test-user') || '{}');
  const answer = (result) => provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
  if (user.error) return answer({ error: user.error, error_description: 'the user of the tests said so' });
  if (prompt.name === 'login') return answer({ login: { accountId: user.address ?? params.login_hint ?? 'nobody@example.org' } });
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const unticked = user.unticks ?? [];
  grant.addOIDCScope(params.scope.split(' ').filter((scope) => !unticked.includes(scope)).join(' '));
  if (unticked.length) grant.rejectOIDCScope(unticked.join(' '));
  return answer({ consent: { grantId: await grant.save() } });
}

// What happens out of the service's sight: the account withdraws its grants, or its access tokens die early.
function forget(account, kinds) {
  for (const [key, entry] of stored) {
    if (entry?.accountId === account && kinds.includes(key.split(':')[0])) stored.delete(key);
  }
}

provider.use(async (ctx, next) => {
  const { account } = ctx.query;
  if (ctx.path.startsWith('/user/')) await meetUser(ctx);
  else if (ctx.path === '/test/counts') ctx.body = counts;
  else if (ctx.path === '/test/withdraw') ctx.body = forget(account, ['Grant', 'RefreshToken', 'AccessToken']) ?? {};
  else if (ctx.path === '/test/forget-access-tokens') ctx.body = forget(account, ['AccessToken']) ?? {};
  else {
    await next();
    if (ctx.oidc?.route) count(`/${ctx.oidc.route}`);
  }
});

provider.listen(options.port, '127.0.0.1');
