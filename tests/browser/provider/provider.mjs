// An OpenID provider on loopback, whose users need no password. The first argument is the file URL of oidc-provider, the
// second a JSON object: port, client as the provider knows it, users with their claims, idTokenClaims.
import { text } from 'node:stream/consumers';

const [library, description] = process.argv.slice(2);
const { default: Provider } = await import(library);
const { port, client, users, idTokenClaims } = JSON.parse(description);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  clientAuthMethods: [client.token_endpoint_auth_method],
  claims: {
    openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'], groups: ['groups'],
  },
  // Without this, claims beside sub are told at the userinfo endpoint only.
  conformIdTokenClaims: !idTokenClaims,
  cookies: { keys: ['kept for as long as the test'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (ctx, id) => users[id] && { accountId: id, claims: () => ({ sub: id, ...users[id] }) },
  interactions: { url: (ctx, { uid }) => `/interaction/${uid}` },
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope(oidc.params.scope);
    await grant.save();
    return grant;
  },
});

const FORM = `<!doctype html><html lang="en"><head><title>Example Corp</title><link rel="icon" href="data:,"></head><body><main><h1>Example Corp</h1>
<form method="post"><label>User name <input name="user"></label><button>Sign in</button>
<button name="cancel" value="1">Cancel</button></form></main></body></html>`;

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  if (ctx.method === 'GET') {
    ctx.body = FORM;
    return undefined;
  }
  const form = new URLSearchParams(await text(ctx.req));
  const result = form.has('cancel') || !users[form.get('user')]
    ? { error: 'access_denied' } : { login: { accountId: form.get('user') } };
  return provider.interactionFinished(ctx.req, ctx.res, result);
});

provider.listen(port, '127.0.0.1', () => console.log('ready'));
