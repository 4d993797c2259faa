import { migrateStore } from '../../core/system/migrate.ts';
import { PodCommand } from '../command.ts';
import { pathsOf } from '../paths.ts';

export class SystemMigrate extends PodCommand {
  static override usage = {
    description: 'After an upgrade, or when the program has moved: renew what belongs to it',
  };

  async execute(): Promise<number> {
    const wish = { paths: pathsOf(this), environment: this.context.env, program: process.execPath };
    for (const line of migrateStore(wish)) this.printLine(line);
    return 0;
  }
}
