import { type Credentials, findCredentials } from '../../core/config/credentials.ts';
import { isInsecure } from '../../core/config/endpoints.ts';
import { loginKey } from '../../core/config/login-key.ts';
import { loadRegistriesConfig } from '../../core/config/registries-conf.ts';
import { storeCredentials } from '../../core/config/store-credentials.ts';
import { PodError } from '../../core/error.ts';
import { tryLogin } from '../../core/registry/login.ts';
import { openTransport } from '../../core/registry/transport.ts';
import { askLine, askSecret } from '../ask.ts';
import { keeping, toAuthFile } from '../auth-flags.ts';
import { Option, PodCommand } from '../command.ts';
import { isTerminal } from '../output/color.ts';
import { readPassword } from '../read-password.ts';

const INSECURE_FLAG = 'WARNING! Using --password via the CLI is insecure. Use --password-stdin.';

export class Login extends PodCommand {
  static override usage = { category: 'Common Commands', description: 'Log in to a registry' };

  authfile = Option.String('--authfile', { description: 'Keep the credentials in this `file`' });
  certDir = Option.String('--cert-dir', { description: 'Certificates from this `directory`' });
  compatAuthFile = Option.String('--compat-auth-file', {
    description: 'Keep the credentials in this `file`, as docker does in its config.json',
  });
  getLogin = Option.Boolean('--get-login', false, { description: 'Print the user that is logged in' });
  password = Option.String('-p,--password', { description: 'The `password`, for everybody to see' });
  passwordStdin = Option.Boolean('--password-stdin', false, {
    description: 'Take the password from standard input',
  });
  tlsVerify = Option.Boolean('--tls-verify', { description: 'Check certificates' });
  username = Option.String('-u,--username', { description: 'The `user`' });
  verbose = Option.Boolean('-v,--verbose', false, { description: 'Say where the credentials are kept' });
  registry = Option.String({ name: 'registry', required: false });

  async execute(): Promise<number> {
    this.checkFlags();
    const env = toAuthFile(this.context.env, this.compatAuthFile ?? this.authfile);
    const config = await loadRegistriesConfig(env);
    const key = loginKey(this.registry ?? config.search[0] ?? 'docker.io');
    const known = () => findCredentials(key, env, config.credentialHelpers);
    if (this.getLogin) return this.showLogin(key, await known());

    const transport = await openTransport({ env, certDir: this.certDir });
    const insecure = this.tlsVerify === undefined ? isInsecure(key, config) : !this.tlsVerify;
    const attempt = (credentials: Credentials) => tryLogin({ key, credentials, insecure, transport });
    try {
      if (this.username === undefined && this.password === undefined) {
        const credentials = await known();
        if (credentials !== undefined && (await this.stillValid(key, credentials, attempt))) return 0;
      }
      const credentials = await this.obtain();
      await attempt(credentials);
      const kept = keeping(this, env, config.credentialHelpers, this.compatAuthFile !== undefined);
      const place = await storeCredentials(key, credentials, kept);
      if (this.verbose) this.printLine(`Used: ${place}`);
      this.printLine('Login Succeeded');
      return 0;
    } finally {
      transport.close();
    }
  }

  private checkFlags(): void {
    const refuse = (message: string) => new PodError({ code: 'usage', message });
    if (this.authfile !== undefined && this.compatAuthFile !== undefined)
      throw refuse('--authfile and --compat-auth-file are mutually exclusive');
    if (!this.passwordStdin) return;
    if (this.password !== undefined) throw refuse('--password and --password-stdin are mutually exclusive');
    if (this.username === undefined) throw refuse('--password-stdin needs --username');
  }

  private showLogin(key: string, known: Credentials | undefined): number {
    if (known === undefined) throw new PodError({ code: 'not-found', message: `not logged in to ${key}` });
    this.printLine(known.kind === 'password' ? known.user : '<token>');
    return 0;
  }

  /** As docker: who is logged in and still may needs no password. What is no longer good is asked for anew. */
  private async stillValid(
    key: string,
    credentials: Credentials,
    attempt: (credentials: Credentials) => Promise<void>,
  ): Promise<boolean> {
    this.printLine(`Authenticating with existing credentials for ${key}`);
    try {
      await attempt(credentials);
    } catch (error) {
      if (!(error instanceof PodError) || error.code !== 'denied') throw error;
      this.warn('Existing credentials are invalid, please enter a user name and password');
      return false;
    }
    this.printLine('Login Succeeded');
    return true;
  }

  private async obtain(): Promise<Credentials> {
    if (this.password !== undefined) this.warn(INSECURE_FLAG);
    const { context } = this;
    const asking = this.username === undefined || (this.password === undefined && !this.passwordStdin);
    if (asking && !isTerminal(context.stdin)) {
      throw new PodError({
        code: 'usage',
        message: 'cannot ask for a user name and password',
        why: 'standard input is no terminal',
        hint: 'echo "$PASSWORD" | tsc-pod login -u USER --password-stdin REGISTRY',
      });
    }
    const user = this.username ?? (await askLine(context, 'Username: ')).trim();
    if (user === '') throw new PodError({ code: 'usage', message: 'the user name is empty' });
    if (user.includes(':')) throw new PodError({ code: 'usage', message: 'a user name holds no colon' });
    const password = this.passwordStdin
      ? await readPassword(context.stdin)
      : (this.password ?? (await askSecret(context, 'Password: ')));
    if (password === '') throw new PodError({ code: 'usage', message: 'the password is empty' });
    return { kind: 'password', user, password };
  }
}
